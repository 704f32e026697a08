#include "http/testing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/letter_case.h"
#include "http/text.h"

namespace turnpike::http::testing {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::unique_ptr<Server> started(Dispatch dispatch, ServerConfig config) {
    config.port = 0;
    auto server = Server::start(std::move(config), std::move(dispatch));
    check(server.has_value(), "a test server finds a free port");
    return std::move(*server);
}

std::size_t number(std::string_view digits) {
    std::size_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A socket bound to a free loopback port.
int bound_socket(std::uint16_t& port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    socklen_t length = sizeof address;
    check(descriptor >= 0 && bind(descriptor, generic, length) == 0 &&
              getsockname(descriptor, generic, &length) == 0,
          "a loopback port is free");
    port = ntohs(address.sin_port);
    return descriptor;
}

/// The length of the complete request at the front of `bytes`; 0 when there is none yet.
std::size_t request_length(std::string_view bytes) {
    const auto end = bytes.find(kHeadEnd);
    if (end == std::string_view::npos) return 0;
    const std::size_t length =
        end + kHeadEnd.size() + number(header_of_answer(bytes, "Content-Length"));
    return bytes.size() >= length ? length : 0;
}

}  // namespace

TestServer::TestServer(Dispatch dispatch, ServerConfig config)
    : server_(started(std::move(dispatch), std::move(config))) {}
TestServer::~TestServer() = default;

std::string TestServer::url() const { return "http://127.0.0.1:" + std::to_string(port()); }

RawClient::RawClient(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    check(descriptor_ >= 0, "a socket can be made");
    const sockaddr_in address = loopback(port);
    const int no_delay = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    const auto* const generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    check(connect(descriptor_, generic, sizeof address) == 0, "the test server can be reached");
}

RawClient::~RawClient() { close(descriptor_); }

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void RawClient::end() { shutdown(descriptor_, SHUT_WR); }

RawClient::Read RawClient::read_some(std::chrono::steady_clock::time_point deadline) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count()))) <= 0)
        return Read::Late;
    std::array<char, 65'536> bytes{};
    const auto count = recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (count <= 0) return Read::End;
    held_.append(bytes.data(), static_cast<std::size_t>(count));
    return Read::Some;
}

std::string RawClient::read_all(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (read_some(deadline) == Read::Some) {
    }
    return std::exchange(held_, {});
}

std::string RawClient::read_one(Heading heading, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto last = Read::Some;
    while (last == Read::Some) {
        if (const auto end = held_.find(kHeadEnd); end != std::string::npos) {
            const std::size_t head = end + kHeadEnd.size();
            const std::size_t body = number(header_of_answer(held_, "Content-Length"));
            const std::size_t length = head + (heading == Heading::Only ? 0 : body);
            if (held_.size() >= length) {
                std::string answer = held_.substr(0, length);
                held_.erase(0, length);
                return answer;
            }
        }
        last = read_some(deadline);
    }
    return std::exchange(held_, {});
}

bool RawClient::is_closed_within(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto last = Read::Some;
    while (last == Read::Some) last = read_some(deadline);
    return last == Read::End;
}

RawServer::RawServer(Script script) : script_(std::move(script)), listener_(bound_socket(port_)) {
    check(listen(listener_, 16) == 0, "a bound socket can listen");
    thread_ = std::thread([this] { run(); });
}

RawServer::~RawServer() {
    is_stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (const int serving = serving_.load(); serving >= 0) shutdown(serving, SHUT_RDWR);
    thread_.join();
    close(listener_);
}

std::string RawServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void RawServer::run() {
    while (!is_stopping_) {
        const int descriptor = accept(listener_, nullptr, nullptr);
        if (descriptor < 0) continue;
        serving_ = descriptor;
        serve(descriptor);
        serving_ = -1;
        close(descriptor);
    }
}

void RawServer::serve(int descriptor) {
    std::string held;
    std::array<char, 65'536> bytes{};
    while (!is_stopping_) {
        const auto count = recv(descriptor, bytes.data(), bytes.size(), 0);
        if (count <= 0) return;
        held.append(bytes.data(), static_cast<std::size_t>(count));
        const std::size_t length = request_length(held);
        if (length == 0) continue;
        const Answer answer = script_(++requests_, held.substr(0, length));
        held.erase(0, length);
        ::send(descriptor, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
        if (answer.then == Then::Close) return;
    }
}

std::uint16_t refused_port() {
    std::uint16_t port = 0;
    close(bound_socket(port));
    return port;
}

int status_of_answer(std::string_view answer) {
    constexpr std::string_view kStart = "HTTP/1.1 ";
    if (!answer.starts_with(kStart)) return 0;
    return static_cast<int>(number(answer.substr(kStart.size(), 3)));
}

std::string header_of_answer(std::string_view answer, std::string_view name) {
    std::string_view head = answer.substr(0, answer.find(kHeadEnd));
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
            return std::string(trimmed(line.substr(colon + 1)));
    }
    return {};
}

std::string_view body_of_answer(std::string_view answer) {
    const auto end = answer.find(kHeadEnd);
    return end == std::string_view::npos ? std::string_view()
                                         : answer.substr(end + kHeadEnd.size());
}

}  // namespace turnpike::http::testing
