#include "app/commands/local_stack.h"

#include <chrono>

#include <fmt/format.h>

#include "access/jwt.h"
#include "access/return_url.h"
#include "app/config/data_dir.h"
#include "base/encoding.h"
#include "http/client.h"
#include "json/value.h"
#include "webhooks/razorpay_events.h"

namespace turnpike {
namespace {

constexpr std::string_view kSandboxKey = "sk_test_turnpikelocal";
constexpr std::string_view kRazorpayKey = "rzp_test_turnpikelocal";
constexpr std::string_view kRazorpaySecret = "turnpikelocal";
constexpr const char* kListen = "127.0.0.1:8080";
constexpr const char* kSandboxListen = "127.0.0.1:12111";
constexpr std::uint16_t kRazorpayPort = 12112;
constexpr std::size_t kSecretBytes = 32;
constexpr std::chrono::seconds kGrace{5};

std::string url_of(const HostPort& listen, std::uint16_t port) {
    const std::string host = listen.host == "0.0.0.0" ? "127.0.0.1" : listen.host;
    return fmt::format("http://{}:{}", host, port);
}

/// One call to the sandbox's API, as any client makes it.
Result<Json> ask_sandbox(const std::string& sandbox_url, const std::string& path,
                         const std::string& form) {
    http::Client client({.threads = 1});
    http::Call call{.method = http::Method::Post, .url = sandbox_url + path};
    call.headers = {{"Authorization", "Bearer " + std::string(kSandboxKey)},
                    {"Content-Type", "application/x-www-form-urlencoded"}};
    call.body = form;
    const auto reply = client.send_blocking(call);
    if (!reply) return failure(reply);
    if (reply->status != 200)
        return unavailable("up.sandbox_refused", "the sandbox refused: " + reply->body);
    return parse_json(reply->body);
}

/// The same for Razorpay's twin.
Result<Json> ask_razorpay(http::Method method, const std::string& url, const Json& body = Json()) {
    http::Client client({.threads = 1});
    const std::string keys = std::string(kRazorpayKey) + ":" + std::string(kRazorpaySecret);
    http::Call call{.method = method, .url = url};
    call.headers = {{"Authorization", "Basic " + to_base64(keys)},
                    {"Content-Type", "application/json"}};
    if (!body.is_null()) call.body = to_text(body);
    const auto reply = client.send_blocking(call);
    if (!reply) return failure(reply);
    if (reply->status != 200)
        return unavailable("up.sandbox_refused", "the sandbox refused: " + reply->body);
    return parse_json(reply->body);
}

}  // namespace

std::string day_token(const std::string& jwt_secret, const std::string& subject, Role role) {
    JwtConfig jwt;
    jwt.hs256_secret = jwt_secret;
    const Instant now = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    const auto token = mint_hs256(jwt, Claims{.subject = subject,
                                              .role = role,
                                              .email = std::nullopt,
                                              .issued_at = now,
                                              .expires_at = now + std::chrono::hours(24)});
    return token ? *token : "";
}

Result<std::unique_ptr<LocalStack>> LocalStack::start(const UpOptions& options) {
    // Before anything is made that a wrong address would leave behind.
    const auto address = read_host_port("--listen", options.listen, kListen);
    if (!address) return failure(address);
    std::unique_ptr<LocalStack> stack(new LocalStack);
    stack->data_dir_ = options.data;
    const auto prepared = prepare_data_dir(options.data);
    if (!prepared) return failure(prepared);
    const auto secret = load_or_make_secret(options.data, kJwtSecretFile, kSecretBytes);
    if (!secret) return failure(secret);
    stack->jwt_secret_ = *secret;
    const auto sandbox = stack->start_sandbox(options);
    if (!sandbox) return failure(sandbox);
    const auto server = stack->start_server(options);
    if (!server) return failure(server);
    return stack;
}

LocalStack::~LocalStack() { stop(); }

void LocalStack::stop() {
    if (app_) app_->stop(kGrace);
    if (sandbox_) sandbox_->stop();
}

Result<std::monostate> LocalStack::start_sandbox(const UpOptions& options) {
    const auto listen = read_host_port("--sandbox-listen", options.sandbox_listen, kSandboxListen);
    if (!listen) return failure(listen);
    SandboxConfig config;
    config.host = listen->host;
    config.port = listen->port;
    config.data_dir = options.data;
    // Beside Stripe's twin, where that one stands at its place.
    const bool at_home = options.sandbox_listen == kSandboxListen;
    config.razorpay = {.host = listen->host, .port = at_home ? kRazorpayPort : std::uint16_t{0}};
    auto sandbox = Sandbox::start(config, clock_, ids_);
    if (!sandbox) return failure(sandbox);
    sandbox_ = *std::move(sandbox);
    sandbox_url_ = url_of(*listen, sandbox_->port());
    razorpay_url_ = sandbox_->razorpay_url();
    return std::monostate{};
}

/// Stripe shows an endpoint's secret once, when it is made; later starts find it here.
Result<std::monostate> LocalStack::find_webhook_endpoint() {
    const std::string kept = data_dir_ + "/webhook_endpoint.json";
    if (const auto text = read_text_file(kept)) {
        const auto endpoint = parse_json(*text);
        if (!endpoint) return failure(endpoint);
        webhook_endpoint_ = endpoint->at("id").get<std::string>();
        webhook_secret_ = endpoint->at("secret").get<std::string>();
        return std::monostate{};
    }
    // Where the server will answer is known once it listens; until then nothing is sent.
    const auto made = ask_sandbox(sandbox_url_, "/v1/webhook_endpoints",
                                  "url=" + percent_encode("http://127.0.0.1:9/") +
                                      "&enabled_events[0]=" + percent_encode("*"));
    if (!made) return failure(made);
    webhook_endpoint_ = made->at("id").get<std::string>();
    webhook_secret_ = made->at("secret").get<std::string>();
    const auto saved = write_text_file(
        kept, to_text(Json{{"id", webhook_endpoint_}, {"secret", webhook_secret_}}));
    if (!saved) return failure(saved);
    return std::monostate{};
}

/// Razorpay's secret is ours to choose; which account the key is of, only Razorpay says.
Result<std::monostate> LocalStack::prepare_razorpay() {
    const auto secret = load_or_make_secret(data_dir_, "razorpay_webhook_secret", kSecretBytes);
    if (!secret) return failure(secret);
    razorpay_webhook_secret_ = *secret;
    const auto account = ask_razorpay(http::Method::Get, razorpay_url_ + "/_sandbox/account");
    if (!account) return failure(account);
    razorpay_account_ = account->at("id").get<std::string>();
    return std::monostate{};
}

/// Once the server listens. Razorpay's twin has one webhook of ours, whatever port we have now.
Result<std::monostate> LocalStack::point_webhooks_here() {
    const auto moved = ask_sandbox(sandbox_url_, "/v1/webhook_endpoints/" + webhook_endpoint_,
                                   "url=" + percent_encode(server_url_ + "/webhooks/stripe"));
    if (!moved) return failure(moved);
    const std::string webhooks = razorpay_url_ + "/v1/webhooks";
    const Json ours{{"url", server_url_ + "/webhooks/razorpay"},
                    {"secret", razorpay_webhook_secret_},
                    {"events", kRazorpayEvents}};
    const auto known = ask_razorpay(http::Method::Get, webhooks);
    if (!known) return failure(known);
    const auto& items = known->at("items");
    const auto told =
        items.empty()
            ? ask_razorpay(http::Method::Post, webhooks, ours)
            : ask_razorpay(http::Method::Put,
                           webhooks + "/" + items.front().at("id").get<std::string>(), ours);
    if (!told) return failure(told);
    return std::monostate{};
}

std::map<std::string, std::string> LocalStack::settings_for(const UpOptions& options) const {
    std::map<std::string, std::string> settings = {
        {"listen", options.listen},
        {"data", options.data},
        {"log_level", "warn"},
        {"web.allowed_origins", std::string(kAnyLoopback)},
        {"auth.jwt_secret", jwt_secret_},
        {"stripe.secret_key", std::string(kSandboxKey)},
        {"stripe.webhook_secret", webhook_secret_},
        {"stripe.api_base", sandbox_url_},
        {"webhooks.allow_private", "127.0.0.0/8, ::1"},
        {"razorpay.key_id", std::string(kRazorpayKey)},
        {"razorpay.key_secret", std::string(kRazorpaySecret)},
        {"razorpay.webhook_secret", razorpay_webhook_secret_},
        {"razorpay.account_id", razorpay_account_},
        {"razorpay.api_base", razorpay_url_},
    };
    if (!options.database.empty()) settings["database"] = options.database;
    if (!options.preset.empty()) settings["preset"] = options.preset;
    if (!options.access_log.empty()) settings["access_log"] = options.access_log;
    return settings;
}

Result<std::monostate> LocalStack::start_server(const UpOptions& options) {
    const auto listen = read_host_port("--listen", options.listen, kListen);
    if (!listen) return failure(listen);
    const auto endpoint = find_webhook_endpoint();
    if (!endpoint) return failure(endpoint);

    const auto razorpay = prepare_razorpay();
    if (!razorpay) return failure(razorpay);
    const auto settings = settings_for(options);
    // A stack of its own looks at nothing but what it was given.
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    const auto values = resolve_settings(settings, nothing, "");
    if (!values) return failure(values);
    const auto config = read_config(*values);
    if (!config) return failure(config);
    auto app = App::create(*config);
    if (!app) return failure(app);
    app_ = *std::move(app);
    const auto started = app_->start();
    if (!started) return failure(started);
    server_url_ = url_of(*listen, app_->port());
    return point_webhooks_here();
}

}  // namespace turnpike
