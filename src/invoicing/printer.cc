#include "invoicing/printer.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "pdf/render.h"

namespace turnpike {
namespace {

constexpr int kRetryAfterSeconds = 1;

asio::awaitable<std::string> make(PdfDocument paper) { co_return render_pdf(paper); }

/// Counts one paper while it lives.
class Place {
public:
    explicit Place(std::atomic<int>& under_way) : under_way_(under_way), number_(++under_way) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { --under_way_; }
    [[nodiscard]] bool is_one_too_many() const { return number_ > Printer::kPapersMax; }

private:
    std::atomic<int>& under_way_;
    int number_;
};

}  // namespace

asio::awaitable<Result<std::string>> Printer::print(PdfDocument paper) {
    const Place place(under_way_);
    if (place.is_one_too_many()) {
        Error busy{ErrorCode::Unavailable, "invoice.pdf_busy",
                   "many invoices are being printed; try again"};
        busy.retry_after_s = kRetryAfterSeconds;
        co_return std::unexpected(std::move(busy));
    }
    co_return co_await asio::co_spawn(thread_, make(std::move(paper)), asio::use_awaitable);
}

}  // namespace turnpike
