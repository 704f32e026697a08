#include "pdf/pagination.h"

#include <numeric>
#include <utility>

namespace turnpike {
namespace {

int height_of(const PageBlock& block) {
    return std::accumulate(block.rows.begin(), block.rows.end(), 0);
}

class Paginator {
public:
    explicit Paginator(const PageShape& shape) : shape_(shape), y_(shape.top) {}

    /// `after`: what is kept with the block, with the gaps above it.
    void place(std::size_t number, const PageBlock& block, int after) {
        const int height = height_of(block);
        if (!at_top_) y_ += block.gap;
        const int room = shape_.bottom - top_of(block);
        const bool goes_along = !fits(height + after) && height + after <= room;
        if (goes_along || (!fits(height) && height <= room)) turn_page(block);
        for (std::size_t row = 0; row < block.rows.size(); ++row) {
            if (!fits(block.rows[row])) turn_page(block);
            placed_.push_back({number, row, page_, y_});
            y_ += block.rows[row];
            at_top_ = false;
        }
    }
    std::vector<PlacedRow> take() { return std::move(placed_); }

private:
    [[nodiscard]] bool fits(int height) const { return y_ + height <= shape_.bottom; }
    [[nodiscard]] int top_of(const PageBlock& block) const {
        return shape_.top + (block.part == PageBlock::Part::Table ? shape_.table_head : 0);
    }
    void turn_page(const PageBlock& block) {
        if (at_top_) return;
        ++page_;
        y_ = top_of(block);
        at_top_ = true;
    }

    PageShape shape_;
    std::vector<PlacedRow> placed_;
    std::size_t page_ = 0;
    int y_;
    bool at_top_ = true;
};

/// The height of what is kept with a block.
int kept_with(std::span<const PageBlock> blocks, std::size_t number) {
    int height = 0;
    for (std::size_t next = number + 1; next < blocks.size(); ++next) {
        if (!blocks[next].is_kept_with_previous) break;
        height += blocks[next].gap + height_of(blocks[next]);
    }
    return height;
}

}  // namespace

std::vector<PlacedRow> paginate(std::span<const PageBlock> blocks, const PageShape& shape) {
    Paginator paginator(shape);
    for (std::size_t number = 0; number < blocks.size(); ++number)
        paginator.place(number, blocks[number], kept_with(blocks, number));
    return paginator.take();
}

}  // namespace turnpike
