#include "json/object_reader.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

Json parsed(std::string_view text) {
    auto json = parse_json(text);
    EXPECT_TRUE(json) << text;
    return json ? std::move(*json) : Json();
}

/// "pointer code" of each complaint.
std::vector<std::string> told(ObjectReader& reader) {
    std::vector<std::string> lines;
    for (const auto& complaint : reader.complaints())
        lines.push_back(complaint.pointer + " " + complaint.code);
    return lines;
}

using Lines = std::vector<std::string>;

TEST(ObjectReader, ReadsWhatIsThere) {
    const Json body = parsed(R"({"tier":"pro","seats":3,"trial":true,"from":"2024-09-15T00:00:00Z",
        "limit":"1.5","units":7,"list":[1],"nested":{"x":"y"},"metadata":{"a":"1","b":""}})");
    ObjectReader fields(body);
    EXPECT_EQ(fields.required_text("tier"), "pro");
    EXPECT_EQ(fields.required_integer("seats", {.min = 1, .max = 10}), 3);
    EXPECT_EQ(fields.optional_boolean("trial"), true);
    // 2024-09-15 is 19981 days after 1970-01-01.
    EXPECT_EQ(fields.optional_instant("from"), from_unix_seconds(std::int64_t{19'981} * 86'400));
    EXPECT_EQ(fields.optional_quantity("limit"), Quantity::from_scaled(1'500'000));
    EXPECT_EQ(fields.optional_quantity("units"), Quantity::whole(7));
    ASSERT_NE(fields.optional_array("list"), nullptr);
    const Json* const nested = fields.optional_object("nested");
    ASSERT_NE(nested, nullptr);
    ObjectReader inner(*nested, "/nested");
    EXPECT_EQ(inner.optional_text("x"), "y");
    fields.absorb(inner);
    const std::vector<std::pair<std::string, std::string>> metadata{{"a", "1"}, {"b", ""}};
    EXPECT_EQ(fields.optional_metadata("metadata"), metadata);
    EXPECT_EQ(told(fields), Lines{});
    EXPECT_TRUE(fields.finish(1));
}

TEST(ObjectReader, RefusesNullInEveryType) {
    const Json body = parsed(R"({"text":null,"name":null,"count":null,"size":null,"flag":null,
        "at":null,"quantity":null,"object":null,"list":null,"metadata":null})");
    ObjectReader fields(body);
    fields.optional_text("text");
    fields.required_text("name");
    fields.optional_integer("count", {});
    fields.required_integer("size", {});
    fields.optional_boolean("flag");
    fields.optional_instant("at");
    fields.optional_quantity("quantity");
    EXPECT_EQ(fields.optional_object("object"), nullptr);
    EXPECT_EQ(fields.optional_array("list"), nullptr);
    fields.optional_metadata("metadata");
    EXPECT_EQ(told(fields), (Lines{"/text wrong_type", "/name wrong_type", "/count wrong_type",
                                   "/size wrong_type", "/flag wrong_type", "/at wrong_type",
                                   "/quantity wrong_type", "/object wrong_type", "/list wrong_type",
                                   "/metadata wrong_type"}));
}

TEST(ObjectReader, TakesANullThatIsAskedFor) {
    const Json body = parsed(R"({"gone":null,"kept":"x"})");
    ObjectReader fields(body);
    EXPECT_TRUE(fields.takes_null("gone"));
    EXPECT_FALSE(fields.takes_null("kept"));
    EXPECT_FALSE(fields.takes_null("absent"));
    EXPECT_EQ(told(fields), Lines{});
}

TEST(ObjectReader, CollectsEveryComplaint) {
    const Json body = parsed(R"({"note":1,"x":2,"seats":0,"flag":"true","a/b~c":1})");
    ObjectReader fields(body);
    fields.required_text("tier");
    fields.optional_text("note");
    fields.optional_integer("seats", {.min = 1, .max = 9});
    fields.optional_boolean("flag");
    EXPECT_EQ(told(fields),
              (Lines{"/tier required", "/note wrong_type", "/seats out_of_range",
                     "/flag wrong_type", "/x unknown_field", "/a~1b~0c unknown_field"}));
    const auto finished = fields.finish(0);
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().reason.text(), "request.invalid_body");
    EXPECT_EQ(finished.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(finished.error().fields.size(), 6);
    EXPECT_EQ(finished.error().message,
              "tier is required; note must be a string; seats must be between 1 and 9; "
              "and 3 more");
}

struct TextCase {
    const char* name;
    const char* json;
    const char* complaint;  ///< empty when the text is fine
};

TEST(ObjectReader, ChecksTexts) {
    const TextCase cases[] = {
        {"plain", R"("abc")", ""},
        {"empty", R"("")", "too_short"},
        {"as long as allowed", R"("12345678")", ""},
        {"one byte longer", R"("123456789")", "too_long"},
        {"bytes, not characters", R"("äöüäö")", "too_long"},
        {"number", "1", "wrong_type"},
        {"array", R"(["a"])", "wrong_type"},
        {"newline", R"("a\nb")", "invalid_characters"},
        {"carriage return and newline", R"("a\r\nb")", "invalid_characters"},
        {"escape", R"("\u001b[0m")", "invalid_characters"},
        {"delete", R"("\u007f")", "invalid_characters"},
        {"C1", R"("\u0085")", "invalid_characters"},
        {"no-break space is not a control", R"("\u00a0")", ""},
        {"letter after C2", R"("\u00bf")", ""},
        {"right-to-left mark", R"("\u202e")", ""},
        {"markup", R"("<b>")", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Json body = parsed(std::string(R"({"t":)") + c.json + "}");
        ObjectReader fields(body);
        fields.optional_text("t", {.length_max = 8});
        const Lines expected =
            *c.complaint == '\0' ? Lines{} : Lines{std::string("/t ") + c.complaint};
        EXPECT_EQ(told(fields), expected);
    }
}

// base/free_text_test.cc has the rule.
TEST(ObjectReader, ChecksFreeTexts) {
    const TextCase cases[] = {
        {"as long as allowed", R"("äöüäöüäö")", ""},
        {"as long when it is composed", R"("a\u0308bcdefgh")", ""},
        {"one longer", R"("äöüäöüäöü")", "too_long"},
        {"empty", R"("")", "too_short"},
        {"number", "1", "wrong_type"},
        {"control character", R"("a\u0007")", "invalid_characters"},
        {"override", R"("a\u202e")", "invalid_characters"},
        {"blanks", R"("   ")", "blank"},
        {"a space without width", R"("\u200b")", "blank"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Json body = parsed(std::string(R"({"t":)") + c.json + "}");
        const Lines expected =
            *c.complaint == '\0' ? Lines{} : Lines{std::string("/t ") + c.complaint};
        ObjectReader optional(body);
        const auto text = optional.optional_free_text("t", {.length_max = 8});
        EXPECT_EQ(told(optional), expected);
        EXPECT_EQ(text.has_value(), expected.empty());
        ObjectReader required(body);
        required.required_free_text("t", {.length_max = 8});
        EXPECT_EQ(told(required), expected);
    }
}

TEST(ObjectReader, ComposesFreeText) {
    const Json body = parsed(R"({"name":"Cafe\u0301","note":"Cafe\u0301","key":"Cafe\u0301"})");
    ObjectReader fields(body);
    EXPECT_EQ(fields.required_free_text("name"), "Caf\u00E9");
    EXPECT_EQ(fields.optional_free_text("note"), "Caf\u00E9");
    EXPECT_EQ(fields.optional_text("key"), "Cafe\u0301") << "what machines compare stays";
    EXPECT_EQ(fields.optional_free_text("absent"), std::nullopt);
    EXPECT_EQ(told(fields), Lines{});
}

TEST(ObjectReader, ChecksIntegers) {
    const TextCase cases[] = {
        {"2^63 - 1", "9223372036854775807", ""},
        {"-2^63", "-9223372036854775808", ""},
        {"2^63", "9223372036854775808", "out_of_range"},
        {"2^64 - 1", "18446744073709551615", "out_of_range"},
        {"fraction", "1.0", "wrong_type"},
        {"exponent", "1e3", "wrong_type"},
        {"text", R"("1")", "wrong_type"},
        {"boolean", "true", "wrong_type"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Json body = parsed(std::string(R"({"n":)") + c.json + "}");
        ObjectReader fields(body);
        fields.required_integer("n", {});
        const Lines expected =
            *c.complaint == '\0' ? Lines{} : Lines{std::string("/n ") + c.complaint};
        EXPECT_EQ(told(fields), expected);
    }
}

TEST(ObjectReader, ChecksQuantities) {
    const TextCase cases[] = {
        {"six digits", R"("0.000001")", ""},
        {"seven digits", R"("0.0000001")", "malformed"},
        {"nineteen digits", R"("0.1234567890123456789")", "malformed"},
        {"underscore", R"("1_000")", "malformed"},
        {"full-width", R"("１２")", "malformed"},
        {"exponent", R"("1e3")", "malformed"},
        {"JSON fraction", "1.5", "wrong_type"},
        {"greatest", "1000000000000", ""},
        {"above the greatest", R"("1000000000000.000001")", "out_of_range"},
        {"least", R"("-1000000000000")", ""},
        {"below the least", "-1000000000001", "out_of_range"},
        {"10^18", "1000000000000000000", "out_of_range"},
        {"beyond int64", "9223372036854775807", "out_of_range"},
        {"beyond int64 in a string", R"("-99999999999999999999999.5")", "out_of_range"},
        {"large, and not a number", R"("1000000000000000000x")", "malformed"},
        {"large, with seven digits", R"("1000000000000000000.0000001")", "malformed"},
        {"large, with a bare point", R"("1000000000000000000.")", "malformed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Json body = parsed(std::string(R"({"q":)") + c.json + "}");
        ObjectReader fields(body);
        fields.optional_quantity("q");
        const Lines expected =
            *c.complaint == '\0' ? Lines{} : Lines{std::string("/q ") + c.complaint};
        EXPECT_EQ(told(fields), expected);
    }
}

TEST(ObjectReader, ChecksInstants) {
    const TextCase cases[] = {
        {"UTC", R"("2024-09-15T00:00:00Z")", ""},
        {"no zone", R"("2024-09-15T00:00:00")", "malformed"},
        {"24:00", R"("2024-09-15T24:00:00Z")", "malformed"},
        {"number", "1726358400", "wrong_type"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Json body = parsed(std::string(R"({"at":)") + c.json + "}");
        ObjectReader fields(body);
        fields.optional_instant("at");
        const Lines expected =
            *c.complaint == '\0' ? Lines{} : Lines{std::string("/at ") + c.complaint};
        EXPECT_EQ(told(fields), expected);
    }
}

TEST(ObjectReader, RefusesABodyThatIsNoObject) {
    for (const char* const text : {"[]", "1", "null", R"("text")"}) {
        SCOPED_TRACE(text);
        const Json body = parsed(text);
        ObjectReader fields(body);
        fields.required_text("a");
        fields.optional_object("b");
        EXPECT_EQ(told(fields), Lines{" wrong_type"});
        EXPECT_FALSE(fields.finish(0));
    }
}

TEST(ObjectReader, NestedComplaintsNameTheirPlace) {
    const Json body = parsed(R"({"items":[{"price":1,"odd":2}]})");
    ObjectReader fields(body);
    const Json* const items = fields.optional_array("items");
    ASSERT_NE(items, nullptr);
    ObjectReader item((*items)[0], "/items/0");
    item.required_text("price");
    fields.absorb(item);
    EXPECT_EQ(told(fields), (Lines{"/items/0/price wrong_type", "/items/0/odd unknown_field"}));
}

TEST(ObjectReader, BoundsMetadata) {
    std::string many = R"({"metadata":{)";
    for (int i = 0; i < 51; ++i) many += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + R"(":"v")";
    const std::string long_key(41, 'k'), long_value(501, 'v');
    const struct {
        const char* name;
        std::string text;
        Lines complaints;
    } cases[] = {
        {"51 entries", many + "}}", {"/metadata too_long"}},
        {"long key", R"({"metadata":{")" + long_key + R"(":"v"}})", {"/metadata invalid_key"}},
        {"empty key", R"({"metadata":{"":"v"}})", {"/metadata invalid_key"}},
        {"long value", R"({"metadata":{"k":")" + long_value + R"("}})", {"/metadata/k too_long"}},
        {"number", R"({"metadata":{"k":1}})", {"/metadata/k wrong_type"}},
        {"null", R"({"metadata":{"k":null}})", {"/metadata/k wrong_type"}},
        {"list", R"({"metadata":[]})", {"/metadata wrong_type"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Json body = parsed(c.text);
        ObjectReader fields(body);
        fields.optional_metadata("metadata");
        EXPECT_EQ(told(fields), c.complaints);
    }
}

// The card networks' published test numbers.
TEST(ObjectReader, FreeTextHoldsNoCardNumber) {
    const Json body = parsed(R"({"name":"Pro 4242 4242 4242 4242","note":"378282246310005",
        "id":"4242424242424242","metadata":{"pan":"4242-4242-4242-4242","5555555555554444":"x",
        "a":"b"},"texts":{"id":"4242424242424242"},"clean":"Pro 4242"})");
    ObjectReader fields(body);
    fields.required_free_text("name");
    fields.optional_free_text("note", {.length_max = 20});
    EXPECT_EQ(fields.optional_free_text("absent"), std::nullopt);
    EXPECT_EQ(fields.required_free_text("clean"), "Pro 4242");
    EXPECT_EQ(fields.required_text("id"), "4242424242424242") << "a name is no free text";
    EXPECT_EQ(fields.optional_texts("texts").size(), 1);
    fields.optional_metadata("metadata");
    EXPECT_EQ(told(fields), (Lines{"/name card_number", "/note card_number",
                                   "/metadata card_number", "/metadata card_number"}));
    const auto refused = fields.finish(1);
    EXPECT_EQ(refused.error().code, ErrorCode::Unprocessable);
    EXPECT_EQ(refused.error().reason.text(), "request.card_number");
    EXPECT_FALSE(refused.error().message.contains("4242")) << "it is not told on";
}

TEST(ObjectReader, StopsComplainingAtAHundred) {
    std::string text = "{\"a\":0";
    for (int i = 0; i < 1'000; ++i) text += ",\"k" + std::to_string(i) + "\":0";
    const Json body = parsed(text + "}");
    ObjectReader fields(body);
    fields.complain("a", "odd", "is odd");
    EXPECT_EQ(fields.complaints().size(), 100);
}

}  // namespace
}  // namespace turnpike
