// Any text is a form or is refused; what a form says can be said again. The tree has text leaves,
// is not deep, and a tree of objects alone, written as a form, is read as itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "json/value.h"
#include "sandbox/form.h"

namespace {

using namespace turnpike;

constexpr int kDepthMax = 8;

/// \return whether there is a list in it
bool check_tree(const Json& tree, int depth) {
    check(depth <= kDepthMax, "a form is not deep");
    if (tree.is_string()) {
        check(is_utf8(tree.get_ref<const std::string&>()), "a value is text");
        return false;
    }
    check(tree.is_structured(), "a form has objects, lists and texts");
    bool has_list = tree.is_array();
    for (const auto& [name, member] : tree.items())
        has_list = check_tree(member, depth + 1) || has_list;
    return has_list;
}

void write_pairs(const Json& tree, const std::string& key, std::string& form) {
    if (tree.is_string()) {
        form += key + "=" + percent_encode(tree.get_ref<const std::string&>()) + "&";
        return;
    }
    for (const auto& [name, member] : tree.items()) {
        const auto part = percent_encode(name);
        write_pairs(member, key.empty() ? part : key + "[" + part + "]", form);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const auto tree = twin::decode_form(std::string_view(bytes, size));
    if (!tree) {
        check(tree.error().code == ErrorCode::InvalidArgument, "a bad form is the sender's fault");
        return 0;
    }
    if (check_tree(*tree, 0)) return 0;
    std::string form;
    write_pairs(*tree, "", form);
    const auto again = twin::decode_form(form);
    check(again && *again == *tree, "a form says what was read of it");
    return 0;
}
