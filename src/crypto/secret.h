#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace turnpike {

/// Bytes that must not be shown. They have no formatter, no JSON form and no comparison that could
/// leak time: whoever needs them writes reveal(), which a reviewer can search for. Wiped when they
/// go.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
    Secret(const Secret&) = default;
    Secret& operator=(const Secret& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    [[nodiscard]] const std::string& reveal() const { return bytes_; }
    [[nodiscard]] bool is_empty() const { return bytes_.empty(); }

private:
    void wipe();
    std::string bytes_;
};

}  // namespace turnpike
