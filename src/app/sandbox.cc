#include "sandbox/sandbox.h"

#include <cstdio>

#include <fmt/format.h>

#include "app/cli.h"
#include "app/data_dir.h"
#include "app/signals.h"

namespace turnpike {

int command_sandbox(const SandboxOptions& options) {
    const auto listen = read_host_port("--listen", options.listen, "127.0.0.1:12111");
    if (!listen) return complain(listen.error());
    const auto prepared = prepare_data_dir(options.data);
    if (!prepared) return complain(prepared.error());
    block_signals();
    SandboxConfig config;
    config.host = listen->host;
    config.port = listen->port;
    config.data_dir = options.data;
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
    fmt::print("turnpike: Stripe's API on http://{}:{}; any key sk_test_ + letters and digits\n",
               listen->host, (*sandbox)->port());
    if (config.razorpay)
        fmt::print("turnpike: Razorpay's API on {}; any key rzp_test_ + letters and digits\n",
                   (*sandbox)->razorpay_url());
    std::fflush(stdout);
    wait_for_end([] {});
    (*sandbox)->stop();
    return 0;
}

}  // namespace turnpike
