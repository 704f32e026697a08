#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace turnpike {

// Numbers as the usage log writes them, LEB128: seven bits a byte, the lowest first; signed ones in
// zigzag (0, -1, 1, -2, ...).
inline constexpr std::size_t kNumberBytesMax = 10;

void put_number(std::string& out, std::uint64_t number);
void put_signed(std::string& out, std::int64_t number);

/// Reads numbers and texts one behind the other. Any bytes at all are safe: after the first that is
/// none, is_bad() says so, and everything is 0 or empty.
class NumberReader {
public:
    explicit NumberReader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number();
    std::int64_t signed_number();
    /// For a number that has no more than 32 bits.
    std::uint32_t index();
    /// The next `size` bytes, a part of the ones that were given.
    std::string_view text(std::uint64_t size);

    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] bool is_bad() const { return is_bad_; }

private:
    void give_up();

    std::string_view rest_;
    bool is_bad_ = false;
};

}  // namespace turnpike
