// The first byte chooses: 0 is any file at all; otherwise the checksums are set right first, so
// that the fuzzer reaches what lies behind them. Either the file is refused, or everything it may
// be asked has an answer, and a file that passes the whole check answers for each of its entries.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "crypto/crc32c.h"
#include "memory_file.h"
#include "metering/log/identity/identity_run.h"

namespace {

using namespace turnpike;
using namespace turnpike::run_format;

constexpr std::uint64_t kKeyCheck = 0;

/// What a writer would have put there, if it had written these entries.
void set_checksums(std::vector<std::byte>& file) {
    const std::size_t blocks = file.size() / kBlockBytes;
    if (blocks == 0) return;
    RunHeader header;
    std::memcpy(&header, file.data(), sizeof header);
    const std::uint64_t entry_blocks = std::min<std::uint64_t>(
        header.entries > file.size() ? file.size() : blocks_of(header.entries), blocks - 1);
    const auto trailer = std::span(file).subspan((1 + entry_blocks) * kBlockBytes);
    header.magic = kMagic;
    header.trailer_bytes = trailer.size();
    header.trailer_crc = crc32c(trailer);
    std::memcpy(file.data(), &header, sizeof header);
    for (std::uint64_t number = 0; number <= entry_blocks; ++number) {
        Block block;
        std::byte* const at = file.data() + number * kBlockBytes;
        std::memcpy(block.data(), at, kBlockBytes);
        if (number != 0)
            std::memcpy(block.data() + kBlockEntries * kIdentityEntryBytes, &number, sizeof number);
        seal(block);
        std::memcpy(at, block.data(), kBlockBytes);
    }
}

template <class T>
void check_refusal(const Result<T>& refused, const std::string& path) {
    check(refused.error().reason == Reason("metering.identity_damaged"), "it is damaged");
    check(refused.error().message.starts_with(path), "the message names the file");
}

void ask(const IdentityRun& run, const IdentityHash& hash) {
    run.prefetch(hash);
    (void)run.may_contain(hash);
    const auto found = run.find(hash);
    if (!found) check_refusal(found, run.path());
}

void read_run(const std::string& path) {
    const auto run = IdentityRun::open(path, kKeyCheck);
    if (!run) return check_refusal(run, path);
    for (const std::uint64_t first : {std::uint64_t{1}, UINT64_MAX / 2, UINT64_MAX})
        ask(*run, {first, first});

    const bool good = verify_run(path, kKeyCheck).has_value();
    auto cursor = IdentityRunCursor::open(path, Kind::Run, kKeyCheck);
    if (!cursor) return check_refusal(cursor, path);
    std::uint64_t entries = 0;
    while (const IdentityEntry* const entry = cursor->peek()) {
        ask(*run, entry->hash);
        if (good) check(run->may_contain(entry->hash), "a good file denies nothing");
        ++entries;
        const auto popped = cursor->pop();
        if (!popped) return check_refusal(popped, path);
    }
    check(entries == run->entries(), "it has as many entries as it says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
    std::vector<std::byte> file(bytes.begin(), bytes.end());
    if (data[0] != 0) set_checksums(file);
    const MemoryFile memory(file);
    read_run(memory.path());
    const auto snapshot = IdentityRunCursor::open(memory.path(), Kind::Snapshot, kKeyCheck);
    if (!snapshot) check_refusal(snapshot, memory.path());
    return 0;
}
