#include "sandbox/inspector/notices.h"

#include <charconv>
#include <cstddef>
#include <utility>

#include "sandbox/html.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kKept = 100;

}  // namespace

std::string Notice::html() const {
    if (text.empty()) return "";
    const char* frame = kind == Kind::Done ? "<p class=\"notice\" role=\"status\">"
                                           : "<p class=\"problem\" role=\"alert\">";
    return frame + escape_html(text) + "</p>\n";
}

std::int64_t Notices::keep(Notice notice) {
    const std::scoped_lock lock(mutex_);
    kept_.push_back(std::move(notice));
    if (kept_.size() > kKept) {
        kept_.pop_front();
        ++first_;
    }
    return first_ + static_cast<std::int64_t>(kept_.size()) - 1;
}

Notice Notices::find(const std::string& number) const {
    std::int64_t wanted = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted);
    if (error != std::errc() || end != number.data() + number.size()) return {};
    const std::scoped_lock lock(mutex_);
    if (wanted < first_ || std::cmp_greater_equal(wanted - first_, kept_.size())) return {};
    return kept_[static_cast<std::size_t>(wanted - first_)];
}

}  // namespace turnpike::twin
