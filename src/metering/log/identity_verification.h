#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/siphash.h"
#include "metering/log/identity/identity_table.h"
#include "metering/log/state/usage_state.h"
#include "metering/log/verification.h"

namespace turnpike {

/// Holds the identities on disk against the events. Identities leave memory in the order of the
/// log, so the runs have those of the first events, as many as they have entries. The snapshot has
/// those that follow, up to its place at least. The rest is looked up in the segments at a start.
class IdentityCheck {
public:
    /// \param directory  of the usage log
    IdentityCheck(std::string directory, const SipKey& key, const CheckListener& listener);

    /// Reads runs and snapshot with all their checks. \return how many bytes they have
    std::uint64_t read_files();
    /// Every name, in the order of the log.
    /// \param sequence  of its frame, or of a later one
    void take(std::string_view source, const NamedRecord& named, std::uint64_t sequence);
    void finish();

private:
    /// Of a number of identities in any order; others than the same give another one.
    struct Sum {
        std::uint64_t first = 0, second = 0;
        void add(const IdentityEntry& entry);
        friend bool operator==(const Sum&, const Sum&) = default;
    };
    std::uint64_t read_run(const std::string& path);
    std::uint64_t read_snapshot(std::uint64_t last_run_window);

    const std::string directory_;
    const SipKey key_;
    const CheckListener& listener_;
    Sum in_runs_, in_events_;
    std::uint64_t run_entries_ = 0, events_ = 0;
    std::optional<IdentityTable> window_;
    std::string snapshot_;
    std::uint64_t snapshot_sequence_ = 1;
    std::uint64_t in_window_ = 0, missing_ = 0, others_ = 0;
    bool is_read_ = true;
};

}  // namespace turnpike
