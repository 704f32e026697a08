// Writes until it is killed: each acknowledged number goes to standard output on a line of its own.
//
//     ledger_writer URL FIRST_NUMBER
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "sql/database.h"

namespace turnpike::sql {
namespace {

constexpr int kThreads = 4;

int write_for_ever(const std::string& url, std::int64_t first) {
    auto database = Database::open({.url = url});
    if (!database) {
        std::fprintf(stderr, "%s\n", database.error().message.c_str());
        return 1;
    }
    std::atomic<std::int64_t> numbers = first;
    std::vector<std::jthread> writers;
    for (int i = 0; i < kThreads; ++i)
        writers.emplace_back([&] {
            for (;;) {
                const auto number = numbers++;
                (*database)->write_blocking([&](Transaction& tx) {
                    return tx.run("INSERT INTO acknowledged (number) VALUES ($1)", {number});
                });
                // One write(2) each, so that lines of two threads do not mix.
                const auto line = std::to_string(number) + "\n";
                if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return;
            }
        });
    return 0;
}

}  // namespace
}  // namespace turnpike::sql

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    return turnpike::sql::write_for_ever(argv[1], std::stoll(argv[2]));
}
