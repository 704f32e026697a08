#include "http/transfer.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "base/check.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

constexpr std::size_t kReplyHeaderBytesMax = std::size_t{64} << 10;
/// A provider's idle connections are often closed after a minute; older ones are not worth trying.
constexpr long kIdleConnectionSeconds = 50;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

/// What libcurl's callbacks know of the transfer.
struct Progress {
    Progress(const Call& its_call, const std::atomic<bool>& stopping)
        : call(its_call), is_stopping(stopping) {}

    const Call& call;
    const std::atomic<bool>& is_stopping;
    Reply reply;
    std::size_t header_bytes = 0;
    int requests = 0;  ///< times a request was about to leave
    bool is_head_complete = false;
    bool is_too_large = false;
    bool is_cut = false;
    bool was_repeated = false;
};

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
    check(curl_easy_setopt(handle, option, value) == CURLE_OK, "libcurl has the option");
}

/// RFC 9110, 9.2.2, or the provider's own promise.
bool may_repeat(const Call& call) {
    const bool is_idempotent = call.method != Method::Post && call.method != Method::Patch;
    return is_idempotent || find_header(call.headers, "Idempotency-Key") != nullptr;
}

std::size_t take_body(char* data, std::size_t /*one*/, std::size_t count, void* user) {
    auto& progress = *static_cast<Progress*>(user);
    const std::size_t room = progress.call.reply_bytes_max - progress.reply.body.size();
    if (count > room) {
        progress.is_cut = progress.call.long_reply == LongReply::Cut;
        progress.is_too_large = !progress.is_cut;
        if (progress.is_cut) progress.reply.body.append(data, room);
        return 0;
    }
    progress.reply.body.append(data, count);
    return count;
}

std::size_t take_header(char* data, std::size_t /*one*/, std::size_t count, void* user) {
    auto& progress = *static_cast<Progress*>(user);
    progress.header_bytes += count;
    if (progress.header_bytes > kReplyHeaderBytesMax) {
        progress.is_too_large = true;
        return 0;
    }
    std::string_view line(data, count);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) progress.is_head_complete = true;
    if (line.starts_with("HTTP/")) {
        // An interim answer (100, 103) may have come before.
        progress.is_head_complete = false;
        progress.reply.headers.clear();
        return count;
    }
    if (const auto colon = line.find(':'); colon != std::string_view::npos)
        progress.reply.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    return count;
}

/// libcurl sends a request again, unasked, when a kept-alive connection dies before any answer.
/// The dead one may have done its work.
int before_request(void* user, char* /*peer*/, char* /*own*/, int /*port*/, int /*own_port*/) {
    auto& progress = *static_cast<Progress*>(user);
    if (++progress.requests == 1 || may_repeat(progress.call)) return CURL_PREREQFUNC_OK;
    progress.was_repeated = true;
    return CURL_PREREQFUNC_ABORT;
}

int on_progress(void* user, curl_off_t /*total*/, curl_off_t /*now*/, curl_off_t /*up_total*/,
                curl_off_t /*up*/) {
    return static_cast<Progress*>(user)->is_stopping.load() ? 1 : 0;
}

bool is_sendable(const Call& call) {
    return is_line_text(call.url) && std::ranges::all_of(call.headers, [](const auto& header) {
               return is_line_text(header.first) && is_line_text(header.second);
           });
}

HeaderList list_of(const Call& call) {
    HeaderList list;
    const auto add = [&list](const std::string& line) {
        curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
        check(longer != nullptr, "libcurl allocates a header");
        // The list grew at its end: `longer` owns what `list` owned.
        [[maybe_unused]] curl_slist* const same = list.release();
        list.reset(longer);
    };
    // "Name;" is libcurl's way to send a header without a value, "Name:" to leave one of its own
    // out.
    for (const auto& [name, value] : call.headers)
        add(value.empty() ? name + ";" : name + ": " + value);
    add("Expect:");
    if (find_header(call.headers, "Content-Type") == nullptr) add("Content-Type:");
    return list;
}

void set_method(CURL* handle, const Call& call) {
    const bool has_body = call.method == Method::Post || call.method == Method::Put ||
                          call.method == Method::Patch || !call.body.empty();
    if (has_body) {
        set(handle, CURLOPT_POSTFIELDS, call.body.data());
        set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    }
    if (call.method == Method::Head)
        set(handle, CURLOPT_NOBODY, 1L);
    else if (call.method != Method::Get || has_body)
        set(handle, CURLOPT_CUSTOMREQUEST, to_text(call.method).data());
}

void set_callbacks(CURL* handle, Progress& progress) {
    set(handle, CURLOPT_WRITEFUNCTION, &take_body);
    set(handle, CURLOPT_WRITEDATA, &progress);
    set(handle, CURLOPT_HEADERFUNCTION, &take_header);
    set(handle, CURLOPT_HEADERDATA, &progress);
    set(handle, CURLOPT_PREREQFUNCTION, &before_request);
    set(handle, CURLOPT_PREREQDATA, &progress);
    set(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(handle, CURLOPT_XFERINFODATA, &progress);
    set(handle, CURLOPT_NOPROGRESS, 0L);
}

void set_rules(CURL* handle, const Client::Config& config) {
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(handle, CURLOPT_MAXAGE_CONN, kIdleConnectionSeconds);
    set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    set(handle, CURLOPT_USERAGENT, config.user_agent.c_str());
}

/// The second line behind AddressGuard::resolve: whatever libcurl found out by itself.
curl_socket_t open_guarded(void* user, curlsocktype /*purpose*/, curl_sockaddr* wanted) {
    const auto& guard = *static_cast<const AddressGuard*>(user);
    if (!guard.allows(address_of(wanted->addr))) return CURL_SOCKET_BAD;
    return socket(wanted->family, wanted->socktype | SOCK_CLOEXEC, wanted->protocol);
}

/// "+host:port:address,address": libcurl connects to these and asks no name server.
HeaderList pinned(const AddressGuard::Target& target, const std::vector<std::string>& addresses) {
    std::string line = "+" + target.host + ":" + std::to_string(target.port) + ":";
    for (const auto& address : addresses) {
        if (!line.ends_with(':')) line += ',';
        line += address.contains(':') ? "[" + address + "]" : address;
    }
    return HeaderList(curl_slist_append(nullptr, line.c_str()));
}

Result<HeaderList> pin(const AddressGuard& guard, const std::string& url) {
    const auto target = guard.check(url);
    if (!target) return failure(target);
    const auto addresses = guard.resolve(url);
    if (!addresses) return failure(addresses);
    if (parse_address(target->host)) return HeaderList();
    return pinned(*target, *addresses);
}

void guard_connections(CURL* handle, const AddressGuard& guard, const HeaderList& addresses) {
    set(handle, CURLOPT_RESOLVE, addresses.get());
    set(handle, CURLOPT_OPENSOCKETFUNCTION, &open_guarded);
    set(handle, CURLOPT_OPENSOCKETDATA, const_cast<AddressGuard*>(&guard));
    set(handle, CURLOPT_PROXY, "");
}

std::unexpected<Error> not_sent(std::string_view why) {
    return unavailable("http.not_sent", "the request was not sent: " + std::string(why));
}

std::unexpected<Error> failure_of(CURLcode code, const Progress& progress) {
    // Connecting, TLS included, comes before libcurl announces the request.
    const bool has_left = progress.requests > 0;
    std::string why = curl_easy_strerror(code);
    if (progress.is_too_large) why = "the answer is larger than allowed";
    if (progress.was_repeated) why = "the connection closed before an answer";
    if (progress.is_stopping.load()) why = "the client stops";
    if (!has_left) return not_sent(why);
    return fail(ErrorCode::OutcomeUnknown, "http.no_reply",
                "the request was sent, but no answer came: " + why);
}

}  // namespace

TransferHandle::TransferHandle(const Client::Config& config, const std::atomic<bool>& is_stopping)
    : config_(config), is_stopping_(is_stopping), handle_(curl_easy_init()) {
    check(handle_ != nullptr, "libcurl allocates a handle");
}

Result<Reply> TransferHandle::perform(const Call& call,
                                      std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return not_sent("it waited too long for its turn");
    if (!is_sendable(call)) return not_sent("its URL or a header holds a line end");

    CURL* const handle = handle_.get();
    Progress progress(call, is_stopping_);
    const HeaderList headers = list_of(call);
    curl_easy_reset(handle);  // Keeps the connections.
    set_rules(handle, config_);
    set_callbacks(handle, progress);
    set_method(handle, call);
    set(handle, CURLOPT_URL, call.url.c_str());
    set(handle, CURLOPT_HTTPHEADER, headers.get());
    set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    HeaderList addresses;
    if (config_.guard) {
        auto checked = pin(*config_.guard, call.url);
        if (!checked) return failure(checked);
        addresses = *std::move(checked);
        guard_connections(handle, *config_.guard, addresses);
    }

    const CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK && !progress.is_cut) return failure_of(code, progress);
    // libcurl is content with a connection that closes in the middle of the head.
    if (!progress.is_head_complete) return failure_of(CURLE_PARTIAL_FILE, progress);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    progress.reply.status = static_cast<int>(status);
    return std::move(progress.reply);
}

}  // namespace turnpike::http
