#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands/process.h"
#include "app/commands/scratch_dir.h"
#include "base/decimal.h"
#include "base/error.h"
#include "json/json.h"

namespace turnpike {

/// Units of each meter that every customer has; usage stops there.
inline constexpr Quantity kBenchLimit = Quantity::whole(1'000'000'000);

/// Who uses what: customers "user-000000" and so on, and meters of the plan that all of them have.
struct BenchWorld {
    int customers = 1;
    int meters = 1;
};
std::string bench_customer(int number);
/// The type of the events that the meter counts.
std::string bench_event_type(int meter);
/// The key of a meter that every world has.
inline constexpr std::string_view kBenchMeter = "api_calls";

/// A server of this program in a process of its own, so that what is measured is its own: on a free
/// port, without access logs, and with a folder that is removed at the end. It can be ended and
/// started again on its data.
class BenchServer {
public:
    /// \param sync_delay  added to each fdatasync of the server, by a library beside the program
    /// Errors: InvalidArgument "bench.no_library"; Unavailable "data.unusable"; those of restart().
    static Result<BenchServer> start(const BenchWorld& world,
                                     std::chrono::milliseconds sync_delay = {});

    /// \return from the start of the process to its first 200 of /readyz
    /// Errors: Unavailable "process.failed", "bench.not_ready".
    Result<std::chrono::microseconds> restart();
    void end() { process_->end(); }
    void kill() { process_->kill(); }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// The request line ("GET /v1/usage") and the header lines of every request of the seller;
    /// further lines may follow.
    [[nodiscard]] std::string head(std::string_view method_and_target) const;
    /// GET /v1/usage of the customer.
    [[nodiscard]] std::string usage_request(int customer) const {
        return head("GET /v1/usage?customer=" + bench_customer(customer)) + "\r\n";
    }
    /// What it tells. Errors: Unavailable "bench.refused".
    [[nodiscard]] Result<Json> usage_of(int customer) const;
    /// CPU time of the server since its start, user and system, in steps of 10 ms.
    [[nodiscard]] std::chrono::microseconds cpu_used() const {
        return cpu_used_by(process_->pid());
    }
    /// Memory of the server that is in RAM.
    [[nodiscard]] std::uint64_t resident_bytes() const {
        return resident_bytes_of(process_->pid());
    }
    /// Events in the log of the server, which has ended. Errors: those of UsageLog::open.
    [[nodiscard]] Result<std::uint64_t> recorded_events() const;
    /// For what a reference needs on disk.
    [[nodiscard]] const std::string& directory() const { return scratch_->path(); }

private:
    BenchServer() : scratch_(std::make_unique<ScratchDir>()) {}

    std::unique_ptr<ScratchDir> scratch_;
    std::string token_;
    std::vector<std::string> arguments_, environment_;
    std::uint16_t port_ = 0;
    std::optional<BackgroundProgram> process_;
};

}  // namespace turnpike
