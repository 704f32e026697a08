#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace turnpike {

/// The last row of a page in a listing ordered by (created_at, id) descending.
struct PageMark {
    Instant at;
    std::string id;
    friend bool operator==(const PageMark&, const PageMark&) = default;
};

/// What a store needs for one page. The defaults select everything, so that one SQL text serves:
///
///     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
///     ORDER BY created_at DESC, id DESC LIMIT $5
///
/// bound to since, until, after.at, after.id and fetch().
struct PageQuery {
    static constexpr int kLimitDefault = 25;
    static constexpr int kLimitMax = 100;

    int limit = kLimitDefault;
    Instant since = Instant::min();
    Instant until = Instant::max();
    PageMark after{Instant::max(), ""};

    /// One row more than the page holds: it answers "has_more".
    [[nodiscard]] int fetch() const { return limit + 1; }
};

/// Turns marks into opaque texts and back. A cursor carries a MAC, so that a client can neither
/// read meaning into it nor make one up, and it belongs to one listing.
///
/// `listing` names the rows and whose they are ("invoices cus_01..."): a cursor of another listing
/// or another customer is refused. Immutable; thread-safe.
class CursorCodec {
public:
    /// \param secret  at least 32 bytes, the same on every node
    explicit CursorCodec(std::string secret);

    [[nodiscard]] std::string seal(std::string_view listing, const PageMark& mark) const;
    /// Errors: InvalidArgument "access.cursor_invalid".
    [[nodiscard]] Result<PageMark> open(std::string_view listing, std::string_view text) const;

private:
    [[nodiscard]] std::string mac(std::string_view listing, std::string_view mark) const;
    std::string secret_;
};

}  // namespace turnpike
