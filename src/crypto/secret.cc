#include "crypto/secret.h"

#include <sodium.h>

namespace turnpike {

Secret& Secret::operator=(const Secret& other) {
    if (this == &other) return *this;
    wipe();
    bytes_ = other.bytes_;
    return *this;
}

// A short text is copied when it is moved, so that what is moved from is wiped too.
Secret::Secret(Secret&& other) noexcept {
    bytes_ = other.bytes_;
    other.wipe();
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    bytes_.swap(other.bytes_);
    return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() {
    sodium_memzero(bytes_.data(), bytes_.size());
    bytes_.clear();
}

}  // namespace turnpike
