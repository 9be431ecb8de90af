#include "harness/import/decompressor.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <string>

namespace kvstate::harness {

namespace {

constexpr ByteView kGzipMagic("\x1f\x8b", 2);
constexpr ByteView kZstdMagic("\x28\xb5\x2f\xfd", 4);
/// Of zstd's skippable frames, which may come first, the first byte's low half is any.
constexpr ByteView kZstdSkippableMagic("\x2a\x4d\x18", 3);

class GzipDecompressor final : public Decompressor {
 public:
  static Result<std::unique_ptr<Decompressor>> Create() {
    std::unique_ptr<GzipDecompressor> made(new GzipDecompressor);
    // 16 more than the window's bits: gzip, and nothing else.
    if (inflateInit2(&made->stream_, 15 + 16) != Z_OK) return ResourceExhaustedError("gzip: out of memory");
    return std::unique_ptr<Decompressor>(std::move(made));
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  Result<size_t> Unpack(ByteView* stored, char* to, size_t capacity) override {
    if (at_end_) {
      // Tapes and some tools pad with zeros.
      while (!stored->empty() && stored->front() == '\0') stored->remove_prefix(1);
      if (stored->empty()) return size_t{0};
      inflateReset(&stream_);
      at_end_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored->data()));
    stream_.avail_in = static_cast<uInt>(stored->size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(capacity);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    stored->remove_prefix(stored->size() - stream_.avail_in);
    // Z_BUF_ERROR: there is no more to be done with what it has.
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return DataLossError(std::string("the gzip data is damaged: ") +
                           (stream_.msg != nullptr ? stream_.msg : zError(code)));
    }
    at_end_ = code == Z_STREAM_END;
    return capacity - stream_.avail_out;
  }
  bool at_end_of_frame() const override { return at_end_; }
  std::string_view name() const override { return "gzip"; }

 private:
  GzipDecompressor() = default;

  z_stream stream_ = {};
  bool at_end_ = false;
};

class ZstdDecompressor final : public Decompressor {
 public:
  static Result<std::unique_ptr<Decompressor>> Create() {
    std::unique_ptr<ZstdDecompressor> made(new ZstdDecompressor);
    if (made->context_ == nullptr) return ResourceExhaustedError("zstd: out of memory");
    return std::unique_ptr<Decompressor>(std::move(made));
  }

  Result<size_t> Unpack(ByteView* stored, char* to, size_t capacity) override {
    // It would begin a next frame, and the stream would have no end.
    if (stored->empty() && at_end_) return size_t{0};
    ZSTD_outBuffer out = {to, capacity, 0};
    ZSTD_inBuffer in = {stored->data(), stored->size(), 0};
    const size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
      return DataLossError("the zstd data was packed with a window of more than 128 MiB; pack it without --long");
    }
    if (ZSTD_isError(code) != 0) {
      return DataLossError(std::string("the zstd data is damaged: ") + ZSTD_getErrorName(code));
    }
    stored->remove_prefix(in.pos);
    at_end_ = code == 0;
    return out.pos;
  }
  bool at_end_of_frame() const override { return at_end_; }
  std::string_view name() const override { return "zstd"; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {}

  const std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<Decompressor>> DecompressorOf(ByteView first_bytes) {
  if (first_bytes.starts_with(kGzipMagic)) return GzipDecompressor::Create();
  const bool skippable = first_bytes.size() >= kMagicBytes && (first_bytes[0] & '\xf0') == '\x50' &&
                         first_bytes.substr(1).starts_with(kZstdSkippableMagic);
  if (first_bytes.starts_with(kZstdMagic) || skippable) return ZstdDecompressor::Create();
  return std::unique_ptr<Decompressor>();
}

}  // namespace kvstate::harness
