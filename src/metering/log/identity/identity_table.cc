#include "metering/log/identity/identity_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace turnpike {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kCapacityMin = 1024;
/// Behind the last home, for entries that were pushed to the right.
constexpr std::size_t kSpareSlots = 4096;

/// More would lie too close.
std::size_t entries_within(std::size_t capacity) { return capacity / 16 * 13; }

__extension__ using Wide = unsigned __int128;

/// 0 to capacity - 1, never falling as `first` rises.
std::size_t scaled(std::uint64_t first, std::size_t capacity) {
    return static_cast<std::size_t>(static_cast<Wide>(first) * capacity >> 64);
}

}  // namespace

IdentityTable::IdentityTable() : capacity_(kCapacityMin), capacity_next_(kCapacityMin) {
    map(kCapacityMin + kSpareSlots);
}

IdentityTable::~IdentityTable() { munmap(slots_, slots_mapped_ * kIdentityEntryBytes); }

/// Address space for at least `slots`. It grows by doubling, and costs nothing until it is touched.
void IdentityTable::map(std::size_t slots) {
    slots = std::max(slots, 2 * slots_mapped_);
    void* const mapped = slots_ == nullptr
                             ? mmap(nullptr, slots * kIdentityEntryBytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                             : mremap(slots_, slots_mapped_ * kIdentityEntryBytes,
                                      slots * kIdentityEntryBytes, MREMAP_MAYMOVE);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    slots_ = static_cast<std::byte*>(mapped);
    slots_mapped_ = slots;
    // Huge pages would save misses in the page tables, but the first touch of one takes
    // milliseconds where the host has to find the memory first.
    (void)madvise(slots_, slots_mapped_ * kIdentityEntryBytes, MADV_NOHUGEPAGE);
}

std::byte* IdentityTable::slot(std::size_t index) const {
    return slots_ + index * kIdentityEntryBytes;
}

std::uint64_t IdentityTable::first_at(std::size_t index) const {
    std::uint64_t first = 0;
    std::memcpy(&first, slot(index), sizeof first);
    return first;
}

IdentityEntry IdentityTable::entry_at(std::size_t index) const { return read_entry(slot(index)); }

void IdentityTable::write(std::size_t index, const IdentityEntry& entry) {
    write_entry(slot(index), entry);
}

std::size_t IdentityTable::home_of(std::uint64_t first) const {
    const std::size_t home = scaled(first, capacity_);
    return home < unmoved_ ? home : scaled(first, capacity_next_);
}

/// The slot of `hash`, or else the one where it belongs: free, or with the next greater entry.
std::size_t IdentityTable::lower_bound(const IdentityHash& hash) const {
    std::size_t index = home_of(hash.first);
    // A free slot has 0 there, which less one is the greatest number, and ends the loop as well.
    while (first_at(index) - 1 < hash.first - 1) ++index;
    while (first_at(index) == hash.first && entry_at(index).hash.second < hash.second) ++index;
    return index;
}

void IdentityTable::prefetch(const IdentityHash& hash) const {
    const std::byte* const home = slot(home_of(hash.first));
    __builtin_prefetch(home, 1);
    __builtin_prefetch(home + kLineBytes, 1);
}

std::optional<std::uint32_t> IdentityTable::find(const IdentityHash& hash) const {
    const IdentityEntry found = entry_at(lower_bound(hash));
    if (found.hash == hash) return found.content;
    return std::nullopt;
}

std::optional<std::uint32_t> IdentityTable::find_or_insert(const IdentityEntry& entry) {
    const std::size_t index = lower_bound(entry.hash);
    const IdentityEntry found = entry_at(index);
    if (found.hash == entry.hash) return found.content;
    insert_at(index, entry);
    ++size_;
    if (unmoved_ != 0) {
        if (size_ % kGrowthInserts == 0) grow();
    } else if (size_ > entries_within(capacity_)) {
        begin_growth(capacity_ / 4 * 5);
    }
    return std::nullopt;
}

/// Pushes the entries from `index` to the next free slot one to the right.
void IdentityTable::insert_at(std::size_t index, const IdentityEntry& entry) {
    std::size_t free = index;
    while (!is_free(free)) ++free;
    if (free + 1 == slots_mapped_) map(slots_mapped_ + kSpareSlots);
    std::memmove(slot(index + 1), slot(index), (free - index) * kIdentityEntryBytes);
    write(index, entry);
    entries_moved_ += free - index;
    slots_used_ = std::max(slots_used_, free + 1);
}

void IdentityTable::begin_growth(std::size_t capacity) {
    capacity_next_ = capacity;
    unmoved_ = capacity_;
    if (slots_mapped_ < capacity_next_ + kSpareSlots) map(capacity_next_ + kSpareSlots);
}

/// Moves the entries whose old homes are the last kGrowthSlots that are still in use.
void IdentityTable::grow() {
    const std::size_t begin = unmoved_ - std::min(unmoved_, kGrowthSlots);
    // Up to a free slot behind the moving homes: an entry of the new layout that was pushed to the
    // right by one that leaves must find its place again. So must one that was pushed here from a
    // home further left; it comes back.
    std::size_t end = unmoved_;
    while (!is_free(end)) ++end;
    const std::byte* const from = slot(begin);
    const std::size_t bytes = (end - begin) * kIdentityEntryBytes;
    taken_.assign(from, from + bytes);
    std::memset(slot(begin), 0, bytes);
    unmoved_ = begin;
    place_taken();
    if (unmoved_ == 0) capacity_ = capacity_next_;
}

/// Puts the taken entries where they belong in the new layout, where there is mostly room.
void IdentityTable::place_taken() {
    std::size_t next = 0;  // behind the one before
    for (std::size_t at = 0; at < taken_.size(); at += kIdentityEntryBytes) {
        const std::byte* const raw = taken_.data() + at;
        std::uint64_t first = 0;
        std::memcpy(&first, raw, sizeof first);
        if (first == 0) continue;
        std::size_t index = std::max(next, home_of(first));
        if (is_free(index) && index + 1 < slots_mapped_) {
            std::memcpy(slot(index), raw, kIdentityEntryBytes);
            slots_used_ = std::max(slots_used_, index + 1);
        } else {
            const IdentityEntry entry = read_entry(raw);
            index = lower_bound(entry.hash);
            insert_at(index, entry);
        }
        next = index + 1;
        ++entries_moved_;
    }
}

void IdentityTable::reserve(std::size_t entries) {
    while (unmoved_ != 0) grow();
    if (entries <= entries_within(capacity_)) return;
    begin_growth(std::max(entries / 13 * 16 + kCapacityMin, capacity_ / 4 * 5));
    while (unmoved_ != 0) grow();
}

void IdentityTable::copy_after(const IdentityHash& after, std::size_t max,
                               std::vector<IdentityEntry>& out) const {
    for (std::size_t index = home_of(after.first); index < slots_used_ && max > 0; ++index) {
        if (is_free(index)) continue;
        const IdentityEntry entry = entry_at(index);
        if (entry.hash <= after) continue;
        out.push_back(entry);
        --max;
    }
}

std::size_t IdentityTable::bytes() const {
    return std::max(capacity_next_, slots_used_) * kIdentityEntryBytes + taken_.capacity();
}

}  // namespace turnpike
