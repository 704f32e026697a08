#include "notices/smtp.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <curl/curl.h>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr long kSmtpTimeoutSeconds = 30;
constexpr std::size_t kSmtpThreads = 2;

struct FreeMailHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

template <class Value>
void set_option(CURL* handle, CURLoption option, Value value) {
    check(curl_easy_setopt(handle, option, value) == CURLE_OK, "libcurl has the option");
}

std::size_t read_message(char* buffer, std::size_t size, std::size_t count, void* user) {
    auto& rest = *static_cast<std::string_view*>(user);
    const std::size_t taken = std::min(size * count, rest.size());
    std::memcpy(buffer, rest.data(), taken);
    rest.remove_prefix(taken);
    return taken;
}

std::string host_of(const std::string& url) {
    const std::unique_ptr<CURLU, FreeMailHandle> parsed(curl_url());
    char* host = nullptr;
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
        curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return "";
    std::string text(host);
    curl_free(host);
    return text;
}

/// What leaves this machine is encrypted.
bool is_this_machine(const std::string& host) {
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/// Without what would end it in a command or a header line. Who takes an address from somebody
/// asks more of it; this holds for those that were taken long ago.
bool can_be_enclosed(const std::string& address) {
    const auto ends_it = [](char c) { return (c >= 0 && c <= ' ') || c == '<' || c == '>'; };
    return std::ranges::none_of(address, ends_it);
}

Result<std::monostate> outcome_of(CURL* handle, CURLcode code) {
    if (code == CURLE_OK) return std::monostate{};
    long reply = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply);
    const std::string why = std::string(curl_easy_strerror(code)) +
                            (reply == 0 ? "" : " (" + std::to_string(reply) + ")");
    // A wrong password is mended by somebody, and then the letter can still go.
    const bool is_final = reply >= 500 && code != CURLE_LOGIN_DENIED;
    if (is_final)
        return fail(ErrorCode::Unprocessable, "notices.refused",
                    "the mail server refused the letter: " + why);
    return unavailable("notices.not_sent", "the letter was not sent: " + why);
}

}  // namespace

Result<std::monostate> check_smtp_url(const std::string& url) {
    const bool known = url.starts_with("smtp://") || url.starts_with("smtps://");
    if (known && !host_of(url).empty()) return std::monostate{};
    return invalid_argument("notices.bad_smtp_url", "'" + url + "' is no address of a mail server");
}

Smtp::Smtp(SmtpConfig config) : config_(std::move(config)), pool_(kSmtpThreads) {
    check(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl starts");
}

Smtp::~Smtp() { pool_.join(); }

asio::awaitable<Result<std::monostate>> Smtp::send(std::string to, std::string message) {
    if (!can_be_enclosed(to))
        co_return fail(ErrorCode::Unprocessable, "notices.refused",
                       "the letter is to no e-mail address");
    auto work = perform(std::move(to), std::move(message));
    co_return co_await asio::co_spawn(pool_, std::move(work), asio::use_awaitable);
}

asio::awaitable<Result<std::monostate>> Smtp::perform(std::string to, std::string message) const {
    const std::unique_ptr<CURL, FreeMailHandle> handle(curl_easy_init());
    check(handle != nullptr, "libcurl allocates a handle");
    const std::string from = "<" + config_.from + ">";
    const std::string recipient = "<" + to + ">";
    const std::unique_ptr<curl_slist, FreeMailHandle> recipients(
        curl_slist_append(nullptr, recipient.c_str()));
    std::string_view rest = message;
    CURL* const curl = handle.get();
    const bool may_be_plain = is_this_machine(host_of(config_.url));
    set_option(curl, CURLOPT_NOSIGNAL, 1L);
    set_option(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_option(curl, CURLOPT_URL, config_.url.c_str());
    set_option(curl, CURLOPT_USE_SSL,
               static_cast<long>(may_be_plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    set_option(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    set_option(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!config_.user.empty()) {
        set_option(curl, CURLOPT_USERNAME, config_.user.c_str());
        set_option(curl, CURLOPT_PASSWORD, config_.password.reveal().c_str());
    }
    set_option(curl, CURLOPT_MAIL_FROM, from.c_str());
    set_option(curl, CURLOPT_MAIL_RCPT, recipients.get());
    set_option(curl, CURLOPT_UPLOAD, 1L);
    set_option(curl, CURLOPT_READFUNCTION, &read_message);
    set_option(curl, CURLOPT_READDATA, &rest);
    set_option(curl, CURLOPT_TIMEOUT, kSmtpTimeoutSeconds);
    co_return outcome_of(curl, curl_easy_perform(curl));
}

}  // namespace turnpike
