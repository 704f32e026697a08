#pragma once

#include <string_view>

namespace turnpike::twin {

/// Whether a member holds names that clients chose (metadata, notes, the payload of a meter event):
/// nothing about the names in it means anything to a twin.
constexpr bool is_client_data(std::string_view member) {
    return member == "metadata" || member == "notes" || member == "payload";
}

}  // namespace turnpike::twin
