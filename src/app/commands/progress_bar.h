#pragma once

#include <cstdint>
#include <string>

namespace turnpike {

/// How far a command has come, in one line on standard error; nothing where that is no terminal.
class ProgressBar {
public:
    /// \param what  is being done: "reading"
    explicit ProgressBar(std::string what);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() { clear(); }

    void show(std::uint64_t done, std::uint64_t all);
    /// Makes room for a line of text; the next show() brings it back.
    void clear();

private:
    const std::string what_;
    const bool is_terminal_;
    int shown_percent_ = -1;
};

}  // namespace turnpike
