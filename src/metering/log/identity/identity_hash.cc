#include "metering/log/identity/identity_hash.h"

#include <array>
#include <cstring>
#include <span>

#include "crypto/crc32c.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/identity/identity_damage.h"

namespace turnpike {

namespace {

/// Holds what an event may have: two texts of 255 bytes.
constexpr std::size_t kUsualBytes = 8 + 2 * 255;

/// SipKey, then the CRC-32C of its bytes.
constexpr std::size_t kKeyBytes = sizeof(SipKey);
using KeyFile = std::array<std::byte, kKeyBytes + sizeof(std::uint32_t)>;

Result<SipKey> load_key(const std::string& path) {
    auto file = DurableFile::open(path);
    if (!file) return failure(file);
    KeyFile bytes{};
    if (file->size_bytes() != bytes.size()) return damaged_identities(path, "has another size");
    const auto read = file->read_at(0, bytes);
    if (!read) return failure(read);
    std::uint32_t crc = 0;
    std::memcpy(&crc, bytes.data() + kKeyBytes, sizeof crc);
    if (crc != crc32c(std::span(bytes).first<kKeyBytes>()))
        return damaged_identities(path, "its checksum is wrong");
    SipKey key;
    std::memcpy(&key, bytes.data(), sizeof key);
    return key;
}

}  // namespace

IdentityHash identity_hash(const SipKey& key, std::string_view source, std::string_view id) {
    const std::uint64_t source_bytes = source.size();
    const std::size_t size = sizeof source_bytes + source.size() + id.size();
    std::array<char, kUsualBytes> usual;
    std::string unusual;
    if (size > usual.size()) unusual.resize(size);
    char* const bytes = size > usual.size() ? unusual.data() : usual.data();

    std::memcpy(bytes, &source_bytes, sizeof source_bytes);
    source.copy(bytes + sizeof source_bytes, source.size());
    id.copy(bytes + sizeof source_bytes + source.size(), id.size());
    IdentityHash hash = siphash128(key, {bytes, size});
    if (hash.first == 0) hash.first = 1;
    return hash;
}

std::uint64_t check_value_of(const SipKey& key) {
    return siphash128(key, "the key of this directory's identities").first;
}

Result<SipKey> load_or_make_identity_key(const std::string& path) {
    if (exists(path)) return load_key(path);
    const SipKey key = random_sip_key();
    KeyFile bytes{};
    std::memcpy(bytes.data(), &key, sizeof key);
    const std::uint32_t crc = crc32c(std::span(bytes).first<kKeyBytes>());
    std::memcpy(bytes.data() + kKeyBytes, &crc, sizeof crc);

    auto file = DurableFile::create(path);
    if (!file) return failure(file);
    const auto written = file->write_at(0, bytes);
    if (!written) return failure(written);
    const auto published = file->publish();
    if (!published) return failure(published);
    return key;
}

}  // namespace turnpike
