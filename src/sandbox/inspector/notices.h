#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "json/value.h"

namespace turnpike::twin {

/// What a page says once a form of it was sent. The answer to the form leads to the page (303), so
/// that Back and reload send nothing again; the page's address has the notice's number.
struct Notice {
    enum class Kind : bool { Done, Problem } kind = Kind::Done;
    std::string text{};           ///< "": nothing is said
    Json typed = Json::object();  ///< after a problem: the form, to be filled in again
    /// HTML: text in a frame that readers of the screen speak; "" when nothing is said.
    [[nodiscard]] std::string html() const;
};
inline Notice done(std::string text) { return {.text = std::move(text)}; }
inline Notice problem(std::string text, Json typed = Json::object()) {
    return {.kind = Notice::Kind::Problem, .text = std::move(text), .typed = std::move(typed)};
}

/// The newest ones, in memory. Thread-safe.
class Notices {
public:
    /// \param first  differs from run to run, so that old addresses find nothing
    explicit Notices(std::int64_t first) : first_(first) {}

    /// \return its number
    std::int64_t keep(Notice notice);
    /// An empty notice for what is no number of one.
    [[nodiscard]] Notice find(const std::string& number) const;

private:
    mutable std::mutex mutex_;
    std::int64_t first_;       // guarded by mutex_: the number of kept_.front()
    std::deque<Notice> kept_;  // guarded by mutex_
};

}  // namespace turnpike::twin
