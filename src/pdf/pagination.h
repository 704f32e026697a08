#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// Where text goes on pages. Pure; lengths are in one unit, whichever, and y grows downward.
namespace turnpike {

/// Rows that belong together: a line of an invoice with its wrapped description, all the totals.
struct PageBlock {
    std::vector<int> rows;  ///< heights
    int gap = 0;            ///< above it, unless it is the first on its page
    enum class Part : bool { Text, Table } part = Part::Text;
    /// It does not begin a page: the block above it comes along.
    bool is_kept_with_previous = false;
};
struct PageShape {
    int top = 0;
    int bottom = 0;      ///< rows end here at the latest
    int table_head = 0;  ///< what the head of the table takes, repeated where a page begins in it
};
struct PlacedRow {
    std::size_t block = 0;
    std::size_t row = 0;
    std::size_t page = 0;
    int y = 0;  ///< of its upper edge

    friend bool operator==(const PlacedRow&, const PlacedRow&) = default;
};
/// Every row, in order. A block that does not fit on the rest of a page but on a whole one begins
/// on the next; a taller one breaks between rows. What is kept with the block above moves that one
/// to the next page, as far as one page has room for both. A row taller than a page stands alone
/// and runs over.
std::vector<PlacedRow> paginate(std::span<const PageBlock> blocks, const PageShape& shape);

}  // namespace turnpike
