#include "connection.h"

#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include "own_error.h"

namespace turnpike::client {
namespace {

constexpr std::size_t kAnswerBytesMax = std::size_t{16} << 20;
constexpr int kPollMs = 1'000;
constexpr const char* kUserAgent = "User-Agent: turnpike-client-cpp/" TURNPIKE_CLIENT_VERSION;

/// libcurl wants to be told once per program, before all else.
void start_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::size_t keep(const char* data, std::size_t, std::size_t size, void* into) {
    auto& body = *static_cast<std::string*>(into);
    if (body.size() + size > kAnswerBytesMax) return 0;
    body.append(data, size);
    return size;
}

/// libcurl takes an answer that ends within its head for a whole one without a body.
std::size_t note_end_of_head(const char* line, std::size_t, std::size_t size, void* into) {
    *static_cast<bool*>(into) |=
        std::string_view(line, size).find_first_not_of("\r\n") == std::string_view::npos;
    return size;
}

/// The caller owns them.
curl_slist* new_headers(const std::string& authorization) {
    curl_slist* headers = nullptr;
    for (const char* line : {authorization.c_str(), kUserAgent, "Content-Type: application/json",
                             "Accept: application/json, application/problem+json", "Expect:"}) {
        curl_slist* const longer = curl_slist_append(headers, line);
        if (longer == nullptr) {
            curl_slist_free_all(headers);
            throw std::bad_alloc();
        }
        headers = longer;
    }
    return headers;
}

Error failure_of(CURLcode code) {
    auto error = own_error(ErrorKind::Unavailable, {}, curl_easy_strerror(code));
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT: error.code = "client.not_connected"; break;
        case CURLE_OPERATION_TIMEDOUT: error.code = "client.timed_out"; break;
        case CURLE_ABORTED_BY_CALLBACK:
            error.code = "client.canceled";
            error.message = "closed while the answer was awaited";
            break;
        default: error.code = "client.connection_lost"; break;
    }
    return error;
}

}  // namespace

Connection::Connection(const Endpoint& endpoint) : endpoint_(endpoint) {
    start_curl();
    multi_.reset(curl_multi_init());
    easy_.reset(curl_easy_init());
    if (!multi_ || !easy_) throw std::bad_alloc();
    headers_.reset(new_headers("Authorization: Bearer " + endpoint.token));
}

void Connection::prepare(const HttpCall& call, Incoming& incoming) {
    CURL* const easy = easy_.get();
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, (endpoint_.url + call.target).c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(endpoint_.request_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &incoming.body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, note_end_of_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &incoming.has_head);
    if (call.method == HttpCall::Method::Post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.c_str());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(call.body.size()));
    }
}

CURLcode Connection::perform() {
    if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) return CURLE_FAILED_INIT;
    CURLcode outcome = CURLE_ABORTED_BY_CALLBACK;
    int running = 1;
    while (running > 0 && !canceled_) {
        if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) break;
        if (running > 0) curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
        if (message->msg == CURLMSG_DONE) outcome = message->data.result;
    curl_multi_remove_handle(multi_.get(), easy_.get());
    return outcome;
}

Result<HttpAnswer> Connection::send(const HttpCall& call) {
    Incoming incoming;
    prepare(call, incoming);
    if (const CURLcode code = perform(); code != CURLE_OK) return failure_of(code);
    if (!incoming.has_head) return failure_of(CURLE_GOT_NOTHING);
    HttpAnswer answer;
    answer.body = std::move(incoming.body);
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_off_t wait = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &wait);
    if (wait > 0) answer.retry_after = std::chrono::seconds(wait);
    return answer;
}

void Connection::cancel() noexcept {
    canceled_ = true;
    curl_multi_wakeup(multi_.get());
}

std::string percent_encoded(const std::string& text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kUnreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kUnreserved.find(c) != std::string_view::npos)
            encoded.push_back(c);
        else
            encoded.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
    return encoded;
}

}  // namespace turnpike::client
