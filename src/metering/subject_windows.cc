#include "metering/subject_windows.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace turnpike {

void SubjectWindows::add(std::string_view subject, Result<CustomerWindow> now) {
    known_.emplace(subject, Known{std::move(now), {}});
}

const CustomerWindow* SubjectWindows::past_of(std::string_view subject, Instant moment) const {
    const auto& past = known_.at(subject).past;
    const auto found = std::ranges::find_if(past, [&](const CustomerWindow& window) {
        return window.since <= moment && moment < window.until;
    });
    return found == past.end() ? nullptr : &*found;
}

const CustomerWindow* SubjectWindows::find_past(std::string_view subject, Instant moment) {
    const CustomerWindow* known = past_of(subject, moment);
    if (known == nullptr) sought_.push_back({subject, moment});
    return known;
}

std::vector<SubjectWindows::Sought> SubjectWindows::take_sought() {
    return std::exchange(sought_, {});
}

bool SubjectWindows::knows(const Sought& sought) const {
    return past_of(sought.subject, sought.moment) != nullptr;
}

void SubjectWindows::add_past(const Sought& sought, CustomerWindow window) {
    check(window.since <= sought.moment && sought.moment < window.until,
          "a window is of the moment that it was sought for");
    known_.at(sought.subject).past.push_back(std::move(window));
}

}  // namespace turnpike
