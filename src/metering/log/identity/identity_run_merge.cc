#include "metering/log/identity/identity_run_merge.h"

#include <utility>

namespace turnpike {

Result<IdentityRunMerge> IdentityRunMerge::begin(const IdentityRun& older, const IdentityRun& newer,
                                                 const std::string& path) {
    const std::uint64_t key_check = older.header().key_check;
    auto first = IdentityRunCursor::open(older.path(), run_format::Kind::Run, key_check);
    if (!first) return failure(first);
    auto second = IdentityRunCursor::open(newer.path(), run_format::Kind::Run, key_check);
    if (!second) return failure(second);
    auto writer =
        IdentityRunWriter::create(path, {.window_first = older.header().window_first,
                                         .window_last = newer.header().window_last,
                                         .key_check = key_check,
                                         .entries_max = older.entries() + newer.entries()});
    if (!writer) return failure(writer);
    return IdentityRunMerge(*std::move(first), *std::move(second), *std::move(writer), path);
}

IdentityRunMerge::IdentityRunMerge(IdentityRunCursor older, IdentityRunCursor newer,
                                   IdentityRunWriter writer, std::string path)
    : older_(std::move(older)),
      newer_(std::move(newer)),
      writer_(std::move(writer)),
      path_(std::move(path)) {}

/// Moves the lesser entry to merged_; of two equal ones the older, and the newer is dropped.
Result<std::monostate> IdentityRunMerge::pop_lesser() {
    const IdentityEntry* const older = older_.peek();
    const IdentityEntry* const newer = newer_.peek();
    if (older != nullptr && newer != nullptr && older->hash == newer->hash) {
        const auto popped = newer_.pop();
        if (!popped) return failure(popped);
    } else if (older == nullptr || (newer != nullptr && newer->hash < older->hash)) {
        merged_.push_back(*newer);
        return newer_.pop();
    }
    merged_.push_back(*older);
    return older_.pop();
}

Result<IdentityRunMerge::Progress> IdentityRunMerge::step(std::size_t entries_max) {
    merged_.clear();
    while (merged_.size() < entries_max && (older_.peek() != nullptr || newer_.peek() != nullptr)) {
        const auto popped = pop_lesser();
        if (!popped) return failure(popped);
    }
    const auto added = writer_.add(merged_);
    if (!added) return failure(added);
    if (older_.peek() != nullptr || newer_.peek() != nullptr) return Progress::More;
    const auto finished = writer_.finish();
    if (!finished) return failure(finished);
    return Progress::Done;
}

}  // namespace turnpike
