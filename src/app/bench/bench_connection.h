#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

/// A connection to a server on this machine that is kept open. It waits, and asks one thing at a
/// time. Whatever goes wrong means the same to a benchmark: no answer.
class BenchConnection {
public:
    static std::optional<BenchConnection> open(std::uint16_t port);
    BenchConnection(BenchConnection&& other) noexcept;
    BenchConnection& operator=(BenchConnection&&) = delete;
    ~BenchConnection();

    /// \return head and body, as they came
    [[nodiscard]] std::optional<std::string> exchange(std::string_view request) const;

    // The same in two steps, for who waits for many at once by descriptor().
    [[nodiscard]] bool send(std::string_view request) const;
    /// Appends what has come to `answer`. False when nothing came.
    bool receive(std::string& answer) const;
    [[nodiscard]] int descriptor() const { return descriptor_; }

private:
    explicit BenchConnection(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

/// True once `answer` is a whole one: a head that says how long the body is, and the body.
bool is_whole(std::string_view answer);
bool is_ok(std::string_view answer);                ///< 200
bool is_payment_required(std::string_view answer);  ///< 402
/// What stands behind the head.
std::string_view body_of(std::string_view answer);

}  // namespace turnpike
