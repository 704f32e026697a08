#include "sandbox/inspector/notices.h"

#include <cstddef>
#include <utility>

#include "sandbox/characters.h"
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
    const auto wanted = parse_integer(number);
    const std::scoped_lock lock(mutex_);
    if (!wanted || *wanted < first_ || std::cmp_greater_equal(*wanted - first_, kept_.size()))
        return {};
    return kept_[static_cast<std::size_t>(*wanted - first_)];
}

}  // namespace turnpike::twin
