#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/wire/params.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// The three paging parameters of every list.
struct Page {
    std::int64_t limit = 10;
    std::string starting_after;
    std::string ending_before;

    [[nodiscard]] bool goes_back() const { return !ending_before.empty(); }
    [[nodiscard]] const std::string& cursor() const {
        return goes_back() ? ending_before : starting_after;
    }
};

/// Reads them, with the limit brought between 1 and 100, and finishes the reading of `params`:
/// everything else must have been asked for.
Outcome<Page> read_page(Params& params);
/// Refuses a cursor that is not there ("No such customer: 'cus_X'"), and then two of them.
std::optional<Refusal> cursor_problem(const Page& page, const std::string& noun,
                                      const std::function<bool(const std::string& id)>& is_there);

/// From `from` on and before `before`, as far as they are given.
struct TimeRange {
    std::optional<Instant> from, before;
};
/// Reads a moment, name[gt|gte|lt|lte], or nothing.
TimeRange read_time_range(Params& params, std::string_view name);

Json list_body(std::string_view url, std::vector<Json> data, bool has_more);

}  // namespace turnpike::twin
