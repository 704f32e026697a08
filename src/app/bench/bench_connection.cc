#include "app/bench/bench_connection.h"

#include <array>
#include <charconv>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace turnpike {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::string_view kLength = "\r\nContent-Length: ";

}  // namespace

std::optional<BenchConnection> BenchConnection::open(std::uint16_t port) {
    BenchConnection connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int failed = connect(connection.descriptor_, reinterpret_cast<const sockaddr*>(&address),
                               sizeof address);
    if (failed != 0) return std::nullopt;
    const int on = 1;
    setsockopt(connection.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connection;
}

BenchConnection::BenchConnection(BenchConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

BenchConnection::~BenchConnection() {
    if (descriptor_ >= 0) close(descriptor_);
}

bool BenchConnection::send(std::string_view request) const {
    while (!request.empty()) {
        const auto sent = ::send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL);
        if (sent < 0) return false;
        request.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool BenchConnection::receive(std::string& answer) const {
    std::array<char, 8192> piece;
    const auto got = recv(descriptor_, piece.data(), piece.size(), 0);
    if (got <= 0) return false;
    answer.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> BenchConnection::exchange(std::string_view request) const {
    if (!send(request)) return std::nullopt;
    std::string answer;
    while (!is_whole(answer))
        if (!receive(answer)) return std::nullopt;
    return answer;
}

bool is_whole(std::string_view answer) {
    const auto end = answer.find(kEndOfHead);
    if (end == std::string_view::npos) return false;
    const auto at = answer.substr(0, end).find(kLength);
    std::size_t length = 0;
    if (at != std::string_view::npos)
        std::from_chars(answer.data() + at + kLength.size(), answer.data() + end, length);
    return answer.size() >= end + kEndOfHead.size() + length;
}

bool is_ok(std::string_view answer) { return answer.starts_with("HTTP/1.1 200 "); }

bool is_payment_required(std::string_view answer) { return answer.starts_with("HTTP/1.1 402 "); }

std::string_view body_of(std::string_view answer) {
    const auto end = answer.find(kEndOfHead);
    return end == std::string_view::npos ? "" : answer.substr(end + kEndOfHead.size());
}

}  // namespace turnpike
