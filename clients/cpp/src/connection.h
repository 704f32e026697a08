#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <curl/curl.h>

#include "turnpike/client/result.h"

namespace turnpike::client {

struct Endpoint {
    std::string url;  ///< without a slash at the end
    std::string token;
    std::chrono::milliseconds request_timeout;
};

struct HttpCall {
    enum class Method : std::uint8_t { Get, Post } method = Method::Get;
    std::string target;  ///< path and query, encoded
    std::string body;    ///< JSON; of a Post
};

struct HttpAnswer {
    int status = 0;
    std::string body;
    std::optional<std::chrono::seconds> retry_after;
};

/// One connection to the server, opened when it is needed and kept. One call at a time.
class Connection {
public:
    explicit Connection(const Endpoint& endpoint);  ///< kept by reference
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// One attempt. Any status is an answer; redirects are not followed.
    ///
    /// Errors: Unavailable "client.not_connected", "client.timed_out", "client.connection_lost",
    ///         "client.canceled".
    Result<HttpAnswer> send(const HttpCall& call);

    /// Ends the call under way and every later one. From any thread.
    void cancel() noexcept;

private:
    // CURL and CURLM are both void to a compiler, so that each needs a deleter of its own.
    struct FreeEasy {
        void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
    };
    struct FreeMulti {
        void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
    };
    struct FreeList {
        void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
    };

    struct Incoming {
        std::string body;
        bool has_head = false;  ///< all of it
    };

    void prepare(const HttpCall& call, Incoming& incoming);
    CURLcode perform();

    const Endpoint& endpoint_;
    std::atomic<bool> canceled_{false};
    std::unique_ptr<curl_slist, FreeList> headers_;
    std::unique_ptr<CURLM, FreeMulti> multi_;
    std::unique_ptr<CURL, FreeEasy> easy_;
};

/// Encodes everything but unreserved characters (RFC 3986, 2.3).
std::string percent_encoded(const std::string& text);

}  // namespace turnpike::client
