#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "metering/log/identity/identity_hash.h"

namespace turnpike {

struct IdentityEntry {
    IdentityHash hash;
    std::uint32_t content = 0;  ///< the caller's check of what the event says
    friend bool operator==(const IdentityEntry&, const IdentityEntry&) = default;
};

/// An entry as it lies in memory and in files, without gaps.
inline constexpr std::size_t kIdentityEntryBytes = 20;
inline IdentityEntry read_entry(const std::byte* raw) {
    IdentityEntry entry;
    std::memcpy(&entry.hash, raw, sizeof entry.hash);
    std::memcpy(&entry.content, raw + sizeof entry.hash, sizeof entry.content);
    return entry;
}
inline void write_entry(std::byte* raw, const IdentityEntry& entry) {
    std::memcpy(raw, &entry.hash, sizeof entry.hash);
    std::memcpy(raw + sizeof entry.hash, &entry.content, sizeof entry.content);
}

/// Remembers identities in memory: a hash table whose slots are in the order of the hashes, so that
/// it can be written out sorted by one scan.
///
/// An entry of 20 bytes lies at its home slot (its hash scaled to the capacity) or a few to the
/// right, with no free slot between. The table grows by a quarter when 13 of 16 slots are taken, in
/// place and little by little: while it grows, one insert in kGrowthInserts moves kGrowthSlots
/// slots from the old layout to the new one, from the right end, and each entry has its home in one
/// of the two. Nothing is ever rehashed at once, and at least 13/20 of the slots are in use: below
/// 31 bytes per entry.
///
/// Memory comes from the system in one piece of address space and is touched as it is needed.
/// Throws std::bad_alloc when there is none.
///
/// Threads: const calls may run together; any other call runs alone.
class IdentityTable {
public:
    /// Slots of the old layout that one insert in so many empties while the table grows. Fewer at a
    /// time would be more misses in the cache; more would be a longer wait for one insert.
    static constexpr std::size_t kGrowthSlots = 1024;
    static constexpr std::size_t kGrowthInserts = 32;

    IdentityTable();
    IdentityTable(const IdentityTable&) = delete;
    IdentityTable& operator=(const IdentityTable&) = delete;
    ~IdentityTable();

    /// Asks the processor for the slots of `hash` ahead of a find or an insert.
    void prefetch(const IdentityHash& hash) const;
    [[nodiscard]] std::optional<std::uint32_t> find(const IdentityHash& hash) const;
    /// The content that is there already, which stays; nullopt when this entry went in.
    std::optional<std::uint32_t> find_or_insert(const IdentityEntry& entry);

    /// Makes the table as large as `entries` in all need, so that filling it up to there moves
    /// little, in whatever order they come. Moves all that it holds, at once.
    void reserve(std::size_t entries);

    /// Appends to `out` the first entries beyond `after`, in order, at most `max`. From {0, 0} on,
    /// call by call with the last hash got, it gives all. Looks at no more slots than it must.
    void copy_after(const IdentityHash& after, std::size_t max,
                    std::vector<IdentityEntry>& out) const;

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Memory in use, whether by entries or by free slots between them.
    [[nodiscard]] std::size_t bytes() const;
    /// Entries written to another slot since the table was made, growth included. The work of an
    /// insert is the difference that it makes here.
    [[nodiscard]] std::uint64_t entries_moved() const { return entries_moved_; }

private:
    std::byte* slot(std::size_t index) const;
    std::uint64_t first_at(std::size_t index) const;
    bool is_free(std::size_t index) const { return first_at(index) == 0; }
    IdentityEntry entry_at(std::size_t index) const;
    void write(std::size_t index, const IdentityEntry& entry);

    std::size_t home_of(std::uint64_t first) const;
    std::size_t lower_bound(const IdentityHash& hash) const;
    void insert_at(std::size_t index, const IdentityEntry& entry);

    void begin_growth(std::size_t capacity);
    void grow();
    void place_taken();
    void map(std::size_t slots);

    std::byte* slots_ = nullptr;
    std::size_t slots_mapped_ = 0;  ///< the last one always stays free, and ends every scan
    std::size_t capacity_ = 0;      ///< homes in the old layout
    std::size_t capacity_next_ =
        0;                        ///< homes in the new one; the same when the table is not growing
    std::size_t unmoved_ = 0;     ///< homes of the old layout, from the left, still in use
    std::size_t slots_used_ = 0;  ///< no entry ever lay further right
    std::size_t size_ = 0;
    std::uint64_t entries_moved_ = 0;
    std::vector<std::byte> taken_;  ///< slots, by grow(); kept for its memory
};

}  // namespace turnpike
