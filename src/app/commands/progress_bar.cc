#include "app/commands/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace turnpike {
namespace {

constexpr int kWidth = 40;

}  // namespace

ProgressBar::ProgressBar(std::string what)
    : what_(std::move(what)), is_terminal_(::isatty(STDERR_FILENO) != 0) {}

void ProgressBar::show(std::uint64_t done, std::uint64_t all) {
    if (!is_terminal_) return;
    const int percent =
        all == 0 ? 100 : static_cast<int>(std::min<std::uint64_t>(100, done * 100 / all));
    if (percent == shown_percent_) return;
    shown_percent_ = percent;
    const int full = percent * kWidth / 100;
    fmt::print(stderr, "\r{} [{:#<{}}{:.<{}}] {:3} %", what_, "", full, "", kWidth - full, percent);
    std::fflush(stderr);
}

void ProgressBar::clear() {
    if (!is_terminal_ || shown_percent_ < 0) return;
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
    shown_percent_ = -1;
}

}  // namespace turnpike
