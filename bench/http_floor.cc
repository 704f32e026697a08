// The least an HTTP answer costs: a handler that does nothing, for comparison with nginx
// `return 204` (one worker, access log off) under the same load, both on one otherwise idle
// machine:
//
//     build/release/src/http/http_floor 18080
//     wrk -t1 -c64 -d10s http://127.0.0.1:18080/
//
// Arguments: port (0 picks one), threads.
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "http/server.h"

namespace {

boost::asio::awaitable<turnpike::http::Response> no_content(turnpike::http::Request& /*request*/) {
    turnpike::http::Response response;
    response.status = 204;
    co_return response;
}

}  // namespace

int main(int argc, char** argv) {
    turnpike::http::ServerConfig config;
    config.port = argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : 0;
    config.threads = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 1;

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    const auto server = turnpike::http::Server::start(config, no_content);
    if (!server) {
        std::cerr << server.error().message << '\n';
        return 1;
    }
    std::cout << "listening on 127.0.0.1:" << (*server)->port() << std::endl;
    int received = 0;
    sigwait(&signals, &received);
    (*server)->stop(std::chrono::seconds(1));
    return 0;
}
