#include "pdf/render.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "pdf/pagination.h"
#include "pdf/typesetter.h"

namespace turnpike {
namespace {

constexpr int points(int count) { return count * PANGO_SCALE; }

// A4 is 595 x 842 points.
constexpr int kLeft = points(48);
constexpr int kRight = points(547);
constexpr int kWidth = kRight - kLeft;
constexpr int kTop = points(52);
constexpr int kBottom = points(778);
constexpr int kFooter = points(796);
constexpr int kPartiesMax = 3;

constexpr TextColumn kWhole{kLeft, kWidth};
constexpr TextColumn kNote{kLeft, kWidth, TextSide::Left, TextReading::AsWritten};
constexpr TextColumn kDescription{kLeft, points(222)};
constexpr TextColumn kQuantity{points(276), points(55), TextSide::Right};
constexpr TextColumn kUnitPrice{points(337), points(110), TextSide::Right};
constexpr TextColumn kAmount{points(453), points(94), TextSide::Right};
constexpr TextColumn kTotalLabel{points(250), points(197), TextSide::Right};

/// Text beside text, and whether a rule closes them.
struct Row {
    std::vector<SetLine> lines;
    int height = 0;
    bool ruled = false;
};
struct Block {
    std::vector<Row> rows;
    int gap = 0;
    PageBlock::Part part = PageBlock::Part::Text;
    bool is_kept_with_previous = false;
};

/// One column of a block: texts below each other.
using Column = std::vector<SetLine>;

std::vector<Row> beside(const std::vector<Column>& columns) {
    std::size_t count = 0;
    for (const Column& column : columns) count = std::max(count, column.size());
    std::vector<Row> rows(count);
    for (const Column& column : columns)
        for (std::size_t i = 0; i < column.size(); ++i) {
            rows[i].lines.push_back(column[i]);
            rows[i].height = std::max(rows[i].height, column[i].height);
        }
    return rows;
}

void append(std::vector<Row>& rows, std::vector<Row> more) {
    std::ranges::move(more, std::back_inserter(rows));
}

/// Makes the blocks of a document, from top to bottom.
class Composer {
public:
    explicit Composer(Typesetter& typesetter) : type_(typesetter) {}

    std::vector<Block> compose(const PdfDocument& document) {
        title(document);
        facts(document.facts);
        parties(document.parties);
        text(document.headline, TextStyle::Headline, kWhole, points(22));
        table(document.lines);
        totals(document.totals);
        for (const std::string& note : document.notes)
            text(note, TextStyle::Body, kNote, points(14));
        return std::move(blocks_);
    }

    std::vector<Row> table_head() {
        std::vector<Row> rows = beside({column("Description", TextStyle::Small, kDescription),
                                        column("Quantity", TextStyle::Small, kQuantity),
                                        column("Unit price", TextStyle::Small, kUnitPrice),
                                        column("Amount", TextStyle::Small, kAmount)});
        close(rows);
        return rows;
    }

private:
    Column column(const std::string& content, TextStyle style, const TextColumn& where) {
        if (content.empty()) return {};
        return type_.set(content, style, where);
    }

    /// A rule below the rows, with some room around it.
    static void close(std::vector<Row>& rows) {
        if (rows.empty()) return;
        rows.back().height += points(7);
        rows.back().ruled = true;
    }

    void add(std::vector<Row> rows, int gap, PageBlock::Part part = PageBlock::Part::Text) {
        if (!rows.empty()) blocks_.push_back({std::move(rows), gap, part});
    }

    void text(const std::string& content, TextStyle style, const TextColumn& where, int gap) {
        add(beside({column(content, style, where)}), gap);
    }

    void title(const PdfDocument& document) {
        constexpr TextColumn kMark{kRight - points(200), points(200), TextSide::Right};
        constexpr TextColumn kTitle{kLeft, kWidth - points(200)};
        add(beside({column(document.title, TextStyle::Title, kTitle),
                    column(document.mark, TextStyle::Headline, kMark)}),
            0);
    }

    void facts(const std::vector<PdfFact>& all) {
        constexpr TextColumn kLabel{kLeft, points(110)};
        constexpr TextColumn kValue{kLeft + points(120), kWidth - points(120), TextSide::Left,
                                    TextReading::AsWritten};
        std::vector<Row> rows;
        for (const PdfFact& fact : all)
            append(rows, beside({column(fact.label, TextStyle::Strong, kLabel),
                                 column(fact.value, TextStyle::Body, kValue)}));
        add(std::move(rows), points(14));
    }

    void parties(const std::vector<PdfParty>& all) {
        if (all.empty()) return;
        const int count = std::min(static_cast<int>(all.size()), kPartiesMax);
        const int width = kWidth / count;
        std::vector<Column> columns;
        for (int i = 0; i < count; ++i) {
            const PdfParty& party = all[static_cast<std::size_t>(i)];
            const TextColumn where{kLeft + i * width, width - points(12), TextSide::Left,
                                   TextReading::AsWritten};
            Column lines = column(party.heading, TextStyle::Strong, where);
            for (const std::string& line : party.lines)
                std::ranges::copy(column(line, TextStyle::Body, where), std::back_inserter(lines));
            columns.push_back(std::move(lines));
        }
        add(beside(columns), points(18));
    }

    std::vector<Row> table_row(const PdfLine& line) {
        Column description = column(line.description, TextStyle::Body, kDescription);
        std::ranges::copy(column(line.detail, TextStyle::Small, kDescription),
                          std::back_inserter(description));
        std::vector<Row> rows =
            beside({std::move(description), column(line.quantity, TextStyle::Body, kQuantity),
                    column(line.unit_price, TextStyle::Body, kUnitPrice),
                    column(line.amount, TextStyle::Body, kAmount)});
        close(rows);
        return rows;
    }

    /// The head never stands alone: it is in one block with the first line.
    void table(const std::vector<PdfLine>& lines) {
        std::vector<Row> rows = table_head();
        rows.push_back({.lines = {}, .height = points(5)});
        int gap = points(20);
        PageBlock::Part part = PageBlock::Part::Text;
        for (const PdfLine& line : lines) {
            append(rows, table_row(line));
            add(std::exchange(rows, {}), gap, part);
            gap = points(5);
            part = PageBlock::Part::Table;
        }
    }

    void totals(const std::vector<PdfTotal>& all) {
        std::vector<Row> rows;
        for (const PdfTotal& total : all) {
            const auto style =
                total.weight == PdfTotal::Weight::Strong ? TextStyle::Strong : TextStyle::Body;
            append(rows, beside({column(total.label, style, kTotalLabel),
                                 column(total.amount, style, kAmount)}));
            if (!rows.empty()) rows.back().height += points(4);
        }
        if (rows.empty()) return;
        add(std::move(rows), points(8));
        // Alone on a page they would be the totals of nothing.
        blocks_.back().is_kept_with_previous = true;
    }

    Typesetter& type_;
    std::vector<Block> blocks_;
};

void draw_row(Typesetter& typesetter, const Row& row, int y) {
    for (const SetLine& line : row.lines) typesetter.draw(line, y);
    if (row.ruled) typesetter.rule(kLeft, kRight, y + row.height - points(3));
}

int height_of(const std::vector<Row>& rows) {
    int height = 0;
    for (const Row& row : rows) height += row.height;
    return height;
}

/// Draws the blocks; `head` again on top of a page that begins inside the table.
class Painter {
public:
    Painter(Typesetter& typesetter, const PdfDocument& document, std::vector<Row> head)
        : type_(typesetter), document_(document), head_(std::move(head)) {}

    void paint(const std::vector<Block>& blocks) {
        const std::vector<PlacedRow> placed = paginated(blocks);
        const std::size_t pages = placed.empty() ? 1 : placed.back().page + 1;
        std::size_t page = 0;
        footer(page, pages);
        for (const PlacedRow& at : placed) {
            const Block& block = blocks[at.block];
            if (at.page > page) {
                page = at.page;
                type_.turn_page();
                footer(page, pages);
                if (block.part == PageBlock::Part::Table) table_head();
            }
            draw_row(type_, block.rows[at.row], at.y);
        }
    }

private:
    [[nodiscard]] std::vector<PlacedRow> paginated(const std::vector<Block>& blocks) const {
        std::vector<PageBlock> heights;
        for (const Block& block : blocks) {
            PageBlock& page_block = heights.emplace_back();
            page_block.gap = block.gap;
            page_block.part = block.part;
            page_block.is_kept_with_previous = block.is_kept_with_previous;
            for (const Row& row : block.rows) page_block.rows.push_back(row.height);
        }
        return paginate(heights, {kTop, kBottom, height_of(head_) + points(5)});
    }
    void table_head() {
        int y = kTop;
        for (const Row& row : head_) {
            draw_row(type_, row, y);
            y += row.height;
        }
    }
    void footer(std::size_t page, std::size_t pages) {
        const std::string text =
            fmt::format("{}{}Page {} of {}", document_.footer,
                        document_.footer.empty() ? "" : " · ", page + 1, pages);
        for (const SetLine& line : type_.set(text, TextStyle::Small, kWhole))
            type_.draw(line, kFooter);
    }

    Typesetter& type_;
    const PdfDocument& document_;
    std::vector<Row> head_;
};

}  // namespace

std::string render_pdf(const PdfDocument& document) {
    Typesetter typesetter;
    typesetter.set_title(document.title);
    Composer composer(typesetter);
    const std::vector<Block> blocks = composer.compose(document);
    Painter(typesetter, document, composer.table_head()).paint(blocks);
    return typesetter.finish();
}

}  // namespace turnpike
