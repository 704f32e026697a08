#include "sandbox/sandbox.h"

#include <system_error>
#include <utility>

#include "sandbox/razorpay/twin.h"
#include "sandbox/stripe/twin.h"
#include "sandbox/twin_server.h"

namespace turnpike {
namespace {

Result<std::unique_ptr<twin::TwinServer>> start_stripe(const SandboxConfig& config,
                                                       const Clock& clock, IdSource& ids) {
    auto opened = twin::Twin::open(
        {.data_dir = config.data_dir,
         .surroundings = {.customers_per_clock_max = config.customers_per_clock_max},
         .retry_after = config.retry_after,
         .rate_limits = config.rate_limits ? twin::TwinConfig::RateLimits::On
                                           : twin::TwinConfig::RateLimits::Off},
        clock, ids);
    if (!opened) return failure(opened);
    return twin::TwinServer::start({.host = config.host,
                                    .port = config.port,
                                    .threads = config.threads,
                                    .worker = config.worker,
                                    .chaos = config.chaos},
                                   *std::move(opened));
}

Result<std::unique_ptr<twin::TwinServer>> start_razorpay(const SandboxConfig& config,
                                                         const Clock& clock, IdSource& ids) {
    auto opened = twin::razorpay::Twin::open(config.data_dir, clock, ids);
    if (!opened) return failure(opened);
    twin::WorkerConfig worker = config.worker;
    worker.delivery_timeout = twin::razorpay::kDeliveryTimeout;
    return twin::TwinServer::start({.host = config.razorpay->host,
                                    .port = config.razorpay->port,
                                    .threads = config.threads,
                                    .worker = worker,
                                    .chaos = config.chaos},
                                   *std::move(opened));
}

}  // namespace

struct Sandbox::State {
    std::unique_ptr<twin::TwinServer> stripe;
    std::unique_ptr<twin::TwinServer> razorpay;  // null: it does not run
};

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::~Sandbox() { stop(); }

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxConfig& config, const Clock& clock,
                                                IdSource& ids) {
    std::error_code no_folder;
    std::filesystem::create_directories(config.data_dir, no_folder);
    if (no_folder)
        return unavailable("sandbox.no_data_dir",
                           "cannot make " + config.data_dir.string() + ": " + no_folder.message());
    auto state = std::make_unique<State>();
    auto stripe = start_stripe(config, clock, ids);
    if (!stripe) return failure(stripe);
    state->stripe = *std::move(stripe);
    if (config.razorpay) {
        auto razorpay = start_razorpay(config, clock, ids);
        if (!razorpay) return failure(razorpay);
        state->razorpay = *std::move(razorpay);
    }
    return std::unique_ptr<Sandbox>(new Sandbox(std::move(state)));
}

std::uint16_t Sandbox::port() const { return state_->stripe->port(); }

std::string Sandbox::url() const { return state_->stripe->url(); }

std::string Sandbox::razorpay_url() const {
    return state_->razorpay ? state_->razorpay->url() : "";
}

http::Response Sandbox::answer(http::Request request) {
    return state_->stripe->answer(std::move(request));
}

void Sandbox::stop() {
    state_->stripe->stop();
    if (state_->razorpay) state_->razorpay->stop();
}

}  // namespace turnpike
