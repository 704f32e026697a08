#include "sandbox/sandbox.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/commands/signals.h"
#include "app/config/data_dir.h"
#include "json/value.h"
#include "sandbox/chaos/plan.h"

namespace turnpike {

namespace {

/// The same error, with the file that it is about in front.
std::unexpected<Error> in_file(const std::string& file, Error error) {
    error.message = file + ": " + error.message;
    return std::unexpected(std::move(error));
}

/// nullopt: nothing is to go wrong.
Result<std::optional<twin::ChaosPlan>> chaos_of(const SandboxOptions& options) {
    std::optional<twin::ChaosPlan> plan;
    if (!options.chaos.empty()) {
        std::ifstream file(options.chaos);
        if (!file) return invalid_argument("sandbox.no_chaos_file", "cannot read " + options.chaos);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const auto body = parse_json(text);
        if (!body) return in_file(options.chaos, body.error());
        auto read = twin::read_plan(*body);
        if (!read) return in_file(options.chaos, read.error());
        plan = *std::move(read);
    }
    if (!options.chaos_seed) return plan;
    const auto seed = static_cast<std::uint64_t>(*options.chaos_seed);
    if (!plan) plan = twin::random_plan(seed);
    plan->seed = seed;
    return plan;
}

}  // namespace

int command_sandbox(const SandboxOptions& options) {
    const auto listen = read_host_port("--listen", options.listen, "127.0.0.1:12111");
    if (!listen) return complain(listen.error());
    auto chaos = chaos_of(options);
    if (!chaos) return complain(chaos.error());
    if (options.data.empty())
        return complain({ErrorCode::InvalidArgument, "config.invalid",
                         "--data: give a directory, for example turnpike-sandbox"});
    const auto prepared = prepare_data_dir(options.data);
    if (!prepared) return complain(prepared.error());
    block_signals();
    SandboxConfig config;
    config.host = listen->host;
    config.port = listen->port;
    config.data_dir = options.data;
    config.rate_limits = options.rate_limits;
    config.customers_per_clock_max = options.customers_per_clock;
    config.chaos = *std::move(chaos);
    if (!options.razorpay_listen.empty()) {
        const auto razorpay =
            read_host_port("--razorpay-listen", options.razorpay_listen, "127.0.0.1:12112");
        if (!razorpay) return complain(razorpay.error());
        config.razorpay = {.host = razorpay->host, .port = razorpay->port};
    }
    const SystemClock clock;
    RandomIdSource ids;
    auto sandbox = Sandbox::start(config, clock, ids);
    if (!sandbox) return complain(sandbox.error());
    fmt::print("turnpike: Stripe's API on {}; any key sk_test_ + letters and digits\n",
               (*sandbox)->url());
    if (config.razorpay)
        fmt::print("turnpike: Razorpay's API on {}; any key rzp_test_ + letters and digits\n",
                   (*sandbox)->razorpay_url());
    std::fflush(stdout);
    wait_for_end([] {});
    (*sandbox)->stop();
    return 0;
}

}  // namespace turnpike
