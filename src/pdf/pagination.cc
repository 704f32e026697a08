#include "pdf/pagination.h"

#include <numeric>
#include <utility>

namespace turnpike {
namespace {

class Paginator {
public:
    explicit Paginator(const PageShape& shape) : shape_(shape), y_(shape.top) {}

    void place(std::size_t number, const PageBlock& block) {
        const int height = std::accumulate(block.rows.begin(), block.rows.end(), 0);
        if (!at_top_) y_ += block.gap;
        if (!fits(height) && height <= shape_.bottom - top_of(block)) turn_page(block);
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

}  // namespace

std::vector<PlacedRow> paginate(std::span<const PageBlock> blocks, const PageShape& shape) {
    Paginator paginator(shape);
    for (std::size_t number = 0; number < blocks.size(); ++number)
        paginator.place(number, blocks[number]);
    return paginator.take();
}

}  // namespace turnpike
