// Any bytes: parse_json refuses them, or what it read is what it writes, and the strict rules hold.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/object_reader.h"

namespace {

using turnpike::Json, turnpike::check;

void read_as_object(const Json& json) {
    turnpike::ObjectReader fields(json);
    (void)fields.required_text("a");
    (void)fields.optional_text("b", {.length_max = 3});
    (void)fields.optional_integer("n", {.min = -5, .max = 5});
    (void)fields.optional_boolean("t");
    (void)fields.optional_instant("at");
    (void)fields.optional_quantity("q");
    (void)fields.optional_array("list");
    (void)fields.optional_metadata("metadata");
    if (const Json* const object = fields.optional_object("object")) {
        turnpike::ObjectReader nested(*object, "/object");
        (void)nested.required_integer("n", {});
        fields.absorb(nested);
    }
    const auto read = fields.finish(0);
    if (!read) {
        check(!read.error().fields.empty(), "a refused body says where");
        check(read.error().fields.size() <= 100, "complaints are bounded");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string_view text(bytes, size);
    const auto parsed = turnpike::parse_json(text);
    if (!parsed) return 0;

    check(Json::accept(text), "what is strict is also JSON for the library underneath");
    check(!text.contains('\0'), "no accepted text holds NUL");
    const std::string written = turnpike::to_text(*parsed);
    const auto again = turnpike::parse_json(written);
    check(again.has_value(), "what is written can be read");
    check(*again == *parsed && turnpike::to_text(*again) == written, "and it is the same");
    const auto pretty = turnpike::parse_json(turnpike::to_pretty_text(*parsed));
    check(pretty && *pretty == *parsed, "indentation changes nothing");
    read_as_object(*parsed);
    return 0;
}
