#pragma once

#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/error.h"
#include "base/time.h"
#include "metering/customer_window.h"

namespace turnpike {

/// Customers of one request, by the names that its events gave them, which outlive it: where their
/// usage goes now and, as far as it was sought, before. What it gives stays where it is until the
/// next add.
class SubjectWindows {
public:
    /// Late usage of a subject that has no window for its moment yet.
    struct Sought {
        std::string_view subject;
        Instant moment;
    };

    [[nodiscard]] bool contains(std::string_view subject) const { return known_.contains(subject); }
    /// An error: there is no such customer.
    void add(std::string_view subject, Result<CustomerWindow> now);
    /// As it was added.
    [[nodiscard]] const Result<CustomerWindow>& at(std::string_view subject) const {
        return known_.at(subject).now;
    }

    /// Where usage of this time goes; nullptr when it is late and that is not known yet, and then
    /// it is sought from here on.
    /// \param now  at(subject)
    const CustomerWindow* find(const CustomerWindow& now, std::string_view subject, Instant time) {
        const Instant moment = placing_moment(now, time);
        return moment >= now.since ? &now : find_past(subject, moment);
    }
    /// Each moment of a subject may be there more than once.
    std::vector<Sought> take_sought();
    [[nodiscard]] bool knows(const Sought& sought) const;
    void add_past(const Sought& sought, CustomerWindow window);

private:
    struct Known {
        Result<CustomerWindow> now;
        std::vector<CustomerWindow> past;
    };
    const CustomerWindow* find_past(std::string_view subject, Instant moment);
    [[nodiscard]] const CustomerWindow* past_of(std::string_view subject, Instant moment) const;

    boost::unordered_flat_map<std::string_view, Known> known_;
    std::vector<Sought> sought_;
};

}  // namespace turnpike
