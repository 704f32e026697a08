#include "misbehaving_server.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace turnpike::client {
namespace {

/// Reads until `buffer` ends a head, or holds `size` bytes. False when the other side closed.
bool fill(int socket, std::string& buffer, std::optional<std::size_t> size) {
    while (size ? buffer.size() < *size : buffer.find("\r\n\r\n") == std::string::npos) {
        char chunk[8192];
        const auto got = recv(socket, chunk, sizeof chunk, 0);
        if (got <= 0) return false;
        buffer.append(chunk, static_cast<std::size_t>(got));
    }
    return true;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

MisbehavingServer::Request read_head(const std::string& head) {
    MisbehavingServer::Request request;
    const auto line = head.substr(0, head.find("\r\n"));
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, second - first - 1);
    for (auto at = line.size() + 2; at < head.size();) {
        const auto end = head.find("\r\n", at);
        const auto colon = head.find(": ", at);
        request.headers[lower(head.substr(at, colon - at))] =
            head.substr(colon + 2, end - colon - 2);
        at = end + 2;
    }
    return request;
}

std::string text_of(const MisbehavingServer::Reply& reply) {
    return "HTTP/1.1 " + std::to_string(reply.status) +
           " Whatever\r\nContent-Type: " + reply.content_type + "\r\n" + reply.headers +
           "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
}

void send_all(int socket, const std::string& text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
        const auto got = send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (got <= 0) return;
        sent += static_cast<std::size_t>(got);
    }
}

}  // namespace

MisbehavingServer::MisbehavingServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || bind(listener_, any, size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, any, &size) != 0)
        throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

MisbehavingServer::~MisbehavingServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    for (const int socket : sockets_) close(socket);
    close(listener_);
}

void MisbehavingServer::fail_next(std::vector<Fault> faults) {
    const std::lock_guard lock(mutex_);
    for (auto& fault : faults) faults_.push_back(std::move(fault));
}

std::vector<MisbehavingServer::Request> MisbehavingServer::requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return requests_.size() >= count; });
    return requests_;
}

void MisbehavingServer::accept_all() {
    for (;;) {
        const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const std::lock_guard lock(mutex_);
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void MisbehavingServer::serve(int socket) {
    std::string buffer;
    while (fill(socket, buffer, std::nullopt)) {
        const auto body = buffer.find("\r\n\r\n") + 4;
        auto request = read_head(buffer.substr(0, body - 2));
        const auto length = request.headers.find("content-length");
        const auto end = body + (length == request.headers.end() ? 0 : std::stoul(length->second));
        if (!fill(socket, buffer, end)) break;
        request.body = buffer.substr(body, end - body);
        buffer.erase(0, end);
        if (!answer(socket, request)) break;
    }
    // The file descriptor stays ours until the end, so that nobody else gets its number.
    shutdown(socket, SHUT_RDWR);
}

bool MisbehavingServer::answer(int socket, const Request& request) {
    using Kind = Fault::Kind;
    std::optional<Fault> fault;
    Reply reply;
    {
        const std::lock_guard lock(mutex_);
        if (!faults_.empty()) {
            fault = std::move(faults_.front());
            faults_.pop_front();
        }
        const bool is_done =
            !fault || (fault->kind != Kind::LoseRequest && fault->kind != Kind::Answer);
        if (is_done) reply = handler_(request);
        requests_.push_back(request);
        arrived_.notify_all();
    }
    if (fault && (fault->kind == Kind::LoseRequest || fault->kind == Kind::LoseAnswer))
        return false;
    if (fault && fault->kind == Kind::Silence) {
        std::string nothing;
        fill(socket, nothing, std::nullopt);
        return false;
    }
    const std::string text = text_of(fault && fault->kind == Kind::Answer ? fault->reply : reply);
    const bool is_cut = fault && fault->kind == Kind::CutAnswer;
    send_all(socket, is_cut ? text.substr(0, text.size() / 2) : text);
    return !is_cut;
}

}  // namespace turnpike::client
