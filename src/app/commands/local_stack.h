#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/commands/cli.h"
#include "app/serving/app.h"
#include "sandbox/sandbox.h"

namespace turnpike {

/// A day's token, for a server that has this secret.
std::string day_token(const std::string& jwt_secret, const std::string& subject, Role role);

/// Server and sandbox in one process, joined as a server and its providers are: by their APIs over
/// HTTP, and by signed webhooks back. Everything it makes up (secrets, the webhook endpoint) is
/// kept in the data directory, so that the next start finds the same world.
class LocalStack {
public:
    /// Errors: those of Sandbox::start and App::create.
    static Result<std::unique_ptr<LocalStack>> start(const UpOptions& options);
    ~LocalStack();
    LocalStack(const LocalStack&) = delete;
    LocalStack& operator=(const LocalStack&) = delete;

    void stop();

    [[nodiscard]] const std::string& server_url() const { return server_url_; }
    [[nodiscard]] const std::string& sandbox_url() const { return sandbox_url_; }
    [[nodiscard]] const std::string& razorpay_url() const { return razorpay_url_; }
    [[nodiscard]] const std::string& jwt_secret() const { return jwt_secret_; }
    [[nodiscard]] App& app() { return *app_; }
    [[nodiscard]] std::string token(const std::string& subject, Role role) const {
        return day_token(jwt_secret_, subject, role);
    }

private:
    LocalStack() = default;
    Result<std::monostate> start_sandbox(const UpOptions& options);
    Result<std::monostate> start_server(const UpOptions& options);
    Result<std::monostate> find_webhook_endpoint();
    Result<std::monostate> prepare_razorpay();
    Result<std::monostate> point_webhooks_here();
    [[nodiscard]] std::map<std::string, std::string> settings_for(const UpOptions& options) const;

    std::string data_dir_, jwt_secret_, server_url_, sandbox_url_;
    std::string webhook_endpoint_, webhook_secret_;
    std::string razorpay_url_, razorpay_webhook_secret_, razorpay_account_;
    SystemClock clock_;
    RandomIdSource ids_;
    std::unique_ptr<Sandbox> sandbox_;
    std::unique_ptr<App> app_;
};

}  // namespace turnpike
