#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace turnpike {

/// Raw 32 bytes.
std::string sha256(std::string_view bytes);
/// The same of bytes that come in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    void add(std::string_view bytes);
    /// Of all so far; once.
    std::string finish();

private:
    void* context_;
};
std::string hmac_sha256(std::string_view key, std::string_view message);
/// Takes the same time wherever the texts differ; lengths may leak.
bool equal_constant_time(std::string_view a, std::string_view b);
/// From the system's generator.
std::string random_bytes(std::size_t count);

}  // namespace turnpike
