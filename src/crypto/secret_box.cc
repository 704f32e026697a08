#include "crypto/secret_box.h"

#include <algorithm>
#include <array>
#include <optional>

#include <sodium.h>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::string_view kVersion = "s1.";
constexpr std::size_t kIdHexDigits = 8;
constexpr std::size_t kBodyAt = kVersion.size() + kIdHexDigits + 1;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
/// Keys for different ends are derived from the master key, so that none tells of another.
constexpr char kContext[] = "tpsecret";
constexpr std::uint64_t kSealing = 1, kNaming = 2;
static_assert(sizeof kContext == crypto_kdf_CONTEXTBYTES + 1);
static_assert(SecretBox::kKeyBytes == crypto_kdf_KEYBYTES &&
              SecretBox::kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* bytes_of(std::string_view text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}
unsigned char* bytes_of(std::string& text) {
    return static_cast<unsigned char*>(static_cast<void*>(text.data()));
}

Secret derived(const Secret& master, std::uint64_t end) {
    std::string key(SecretBox::kKeyBytes, '\0');
    const int failed = crypto_kdf_derive_from_key(bytes_of(key), key.size(), end, kContext,
                                                  bytes_of(master.reveal()));
    check(failed == 0, "a key is derived from a key of the right length");
    return Secret(std::move(key));
}

/// No column's name has a line end, so that no two places are written alike.
std::string written(const SecretPlace& place) {
    return std::string(place.column) + '\n' + std::string(place.row);
}

std::unexpected<Error> damaged(const SecretPlace& place) {
    return invalid_argument("secrets.damaged", "a secret in " + std::string(place.column) +
                                                   " was changed since it was sealed");
}

bool is_separator(char c) { return c == ',' || c == '\n' || c == '\r' || c == ' '; }

std::optional<std::string> key_bytes(std::string_view word) {
    auto bytes = word.size() == 2 * SecretBox::kKeyBytes ? from_hex(word) : from_base64(word);
    if (!bytes || bytes->size() != SecretBox::kKeyBytes) return std::nullopt;
    return bytes;
}

}  // namespace

SecretBox::SecretBox(const std::vector<Secret>& master_keys) {
    check(sodium_init() >= 0, "libsodium finds randomness");
    check(!master_keys.empty(), "a secret box has a key");
    for (const Secret& master : master_keys) {
        check(master.reveal().size() == kKeyBytes, "a master key has 32 bytes");
        const auto name = derived(master, kNaming);
        keys_.push_back({to_hex(name.reveal()).substr(0, kIdHexDigits), derived(master, kSealing)});
    }
}

std::string SecretBox::seal(const SecretPlace& place, const Secret& secret) const {
    const Key& key = keys_.front();
    const std::string where = written(place);
    std::string box = random_bytes(kNonceBytes);
    box.resize(kNonceBytes + secret.reveal().size() + kTagBytes);
    const int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes_of(box) + kNonceBytes, nullptr, bytes_of(secret.reveal()), secret.reveal().size(),
        bytes_of(where), where.size(), nullptr, bytes_of(box), bytes_of(key.bytes.reveal()));
    check(failed == 0, "bytes in memory are sealed");
    return std::string(kVersion) + key.id + '.' + to_base64url(box);
}

Result<Secret> SecretBox::open(const SecretPlace& place, std::string_view sealed) const {
    const Key* key = key_of(sealed);
    if (key == nullptr)
        return invalid_argument("secrets.wrong_key",
                                "a secret in " + std::string(place.column) +
                                    " is sealed with a master key that is not given");
    const auto box = from_base64url(sealed.substr(kBodyAt));
    if (!box || box->size() < kNonceBytes + kTagBytes) return damaged(place);
    const std::string where = written(place);
    std::string text(box->size() - kNonceBytes - kTagBytes, '\0');
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        bytes_of(text), nullptr, nullptr, bytes_of(*box) + kNonceBytes, box->size() - kNonceBytes,
        bytes_of(where), where.size(), bytes_of(*box), bytes_of(key->bytes.reveal()));
    if (failed != 0) return damaged(place);
    return Secret(std::move(text));
}

bool SecretBox::is_of_first_key(std::string_view sealed) const {
    return key_of(sealed) == &keys_.front();
}

const SecretBox::Key* SecretBox::key_of(std::string_view sealed) const {
    if (!sealed.starts_with(kVersion) || sealed.size() < kBodyAt || sealed[kBodyAt - 1] != '.')
        return nullptr;
    const auto id = sealed.substr(kVersion.size(), kIdHexDigits);
    const auto found = std::ranges::find(keys_, id, &Key::id);
    return found == keys_.end() ? nullptr : &*found;
}

Result<std::vector<Secret>> read_master_keys(std::string_view text) {
    std::vector<Secret> keys;
    while (!text.empty()) {
        const auto end = std::ranges::find_if(text, is_separator);
        const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (word.empty()) continue;
        auto bytes = key_bytes(word);
        if (!bytes)
            return invalid_argument("secrets.bad_key",
                                    "a master key is 64 hexadecimal digits, or 32 bytes in base64");
        keys.emplace_back(*std::move(bytes));
    }
    if (keys.empty()) return invalid_argument("secrets.bad_key", "there is no master key in it");
    return keys;
}

Secret make_master_key() { return Secret(to_hex(random_bytes(SecretBox::kKeyBytes))); }

}  // namespace turnpike
