#include "sandbox/stripe/wire/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

Json tree_of(std::string_view form) { return decode_form(form).value_or(Json()); }

TEST(DecodeForm, ReadsNestingListsAndEscapes) {
    struct Case {
        std::string_view name, form, json;
    };
    const Case cases[] = {
        {"flat", "a=1&b=x+y%26z", R"({"a":"1","b":"x y&z"})"},
        {"nested", "a[b][c]=v&a[d]=w", R"({"a":{"b":{"c":"v"},"d":"w"}})"},
        {"escaped brackets", "expand%5B%5D=x&expand%5B%5D=y", R"({"expand":["x","y"]})"},
        {"numbered", "items[0][price]=p&items[1][price]=q",
         R"({"items":{"0":{"price":"p"},"1":{"price":"q"}}})"},
        {"Ruby's objects", "i[][a]=1&i[][b]=2&i[][a]=3", R"({"i":[{"a":"1","b":"2"},{"a":"3"}]})"},
        {"unset", "default_payment_method=&x", R"({"default_payment_method":"","x":""})"},
        {"UTF-8", "name=%C3%BC", "{\"name\":\"\xC3\xBC\"}"},
        {"nothing", "", "{}"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto decoded = decode_form(c.form);
        ASSERT_TRUE(decoded.has_value());
        EXPECT_EQ(to_text(*decoded), c.json);
    }
}

TEST(DecodeForm, RefusesWhatContradictsItself) {
    for (const std::string_view form :
         {"a=1&a[b]=2", "a[b]=1&a[]=2", "a[]=1&a[b]=2", "a[b=1", "=1", "[a]=1", "a[b]c=1", "a=%zz",
          "a[b][c][d][e][f][g][h][i]=9", "a=%ff%fe", "a=x\xff", "a%c3=1", "a=%ed%a0%80"}) {
        SCOPED_TRACE(form);
        EXPECT_FALSE(decode_form(form).has_value());
    }
    std::string many;
    for (int i = 0; i <= 1'000; ++i) many += "a" + std::to_string(i) + "=1&";
    EXPECT_FALSE(decode_form(many).has_value());
}

TEST(Params, NamesNestedParametersWithBrackets) {
    const Json tree = tree_of("items[0][price]=p&items[1][quantity]=two");
    Params params(tree);
    auto items = params.objects("items");
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0].required_text("price"), "p");
    EXPECT_EQ(items[1].integer("quantity"), std::nullopt);
    const auto complaint = items[1].complaint();
    ASSERT_TRUE(complaint.has_value());
    EXPECT_EQ(complaint->param, "items[1][quantity]");
    EXPECT_EQ(complaint->code, "parameter_invalid_integer");
    EXPECT_EQ(complaint->message, "Invalid integer: two");
}

TEST(Params, KeepsNumberedElementsInNumericOrder) {
    const Json tree = tree_of("t[10]=c&t[2]=b&t[0]=a");
    Params params(tree);
    EXPECT_THAT(params.texts("t"), ElementsAre("a", "b", "c"));
}

TEST(Params, RefusesWhatNobodyAskedFor) {
    const Json tree = tree_of("email=a&foo=1&bar=2");
    Params params(tree);
    (void)params.text("email");
    const auto complaint = params.complaint();
    ASSERT_TRUE(complaint.has_value());
    EXPECT_EQ(complaint->code, "parameter_unknown");
    EXPECT_EQ(complaint->param, "foo");
    EXPECT_EQ(complaint->message, "Received unknown parameters: foo, bar");
}

TEST(Params, SaysWhatIsWrongAsStripeDoes) {
    struct Case {
        std::string_view form;
        std::optional<StripeError> (*read)(Params&);
        std::string_view code, message;
    };
    const Case cases[] = {
        {"", [](Params& p) { return p.required_text("currency"), p.complaint(); },
         "parameter_missing", "Missing required param: currency."},
        {"active=maybe", [](Params& p) { return p.boolean("active"), p.complaint(); }, "",
         "Invalid boolean: maybe"},
        {"i=x", [](Params& p) { return p.one_of("i", {"day", "week", "year"}), p.complaint(); }, "",
         "Invalid i: must be one of day, week, or year"},
        {"i=x", [](Params& p) { return p.one_of("i", {"day", "week"}), p.complaint(); }, "",
         "Invalid i: must be one of day or week"},
        {"a[b]=1", [](Params& p) { return p.text("a"), p.complaint(); }, "",
         R"(Invalid string: {"b":"1"})"},
        {"a=1", [](Params& p) { return p.object("a"), p.complaint(); }, "", "Invalid object"},
        {"a=1", [](Params& p) { return p.texts("a"), p.complaint(); }, "", "Invalid array"},
        {"a=", [](Params& p) { return p.integer("a"), p.complaint(); }, "parameter_invalid_empty",
         "You passed an empty string for 'a'. We assume empty values are an attempt to unset a "
         "parameter; however 'a' cannot be unset. You should remove 'a' from your request or "
         "supply a non-empty value."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.message);
        const Json tree = tree_of(c.form);
        Params params(tree);
        const auto complaint = c.read(params);
        ASSERT_TRUE(complaint.has_value());
        EXPECT_EQ(complaint->code, c.code);
        EXPECT_EQ(complaint->message, c.message);
    }
}

TEST(Params, BoundsMetadata) {
    const std::string long_key(41, 'k');
    const std::string long_value(501, 'v');
    std::string many;
    for (int i = 0; i <= 50; ++i) many += "metadata[k" + std::to_string(i) + "]=1&";
    for (const std::string& form :
         {"metadata[" + long_key + "]=1", "metadata[k]=" + long_value, many,
          std::string("metadata=text"), std::string("metadata[a][b]=1")}) {
        SCOPED_TRACE(form.substr(0, 40));
        const Json tree = tree_of(form);
        Params params(tree);
        (void)params.metadata();
        EXPECT_TRUE(params.complaint().has_value());
    }
    // 40 characters of two bytes each are still 40 characters.
    std::string wide_key;
    for (int i = 0; i < 40; ++i) wide_key += "%C3%BC";
    const Json tree = tree_of("metadata[" + wide_key + "]=1");
    Params params(tree);
    (void)params.metadata();
    EXPECT_FALSE(params.complaint().has_value());
}

TEST(Params, ClearsOrMergesMetadata) {
    const Json cleared = tree_of("metadata=");
    EXPECT_TRUE(Params(cleared).metadata()->is_null());
    const Json merged = tree_of("metadata[0]=zero&metadata[k]=");
    EXPECT_EQ(to_text(*Params(merged).metadata()), R"({"0":"zero","k":""})");
    const Json absent = tree_of("name=x");
    EXPECT_FALSE(Params(absent).metadata().has_value());
}

}  // namespace
}  // namespace turnpike::twin
