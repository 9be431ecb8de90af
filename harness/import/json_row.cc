#include "harness/import/json_row.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace kvstate::harness {

/// What nlohmann's parser calls, piece by piece, so that no row is built in memory.
class JsonRow::Handler {
 public:
  explicit Handler(std::vector<Column>* columns) : columns_(*columns) {}

  // The names and types of these are the parser's.
  bool null() { return Take("", "null"); }
  bool boolean(bool value) { return Take(value ? "true" : "false"); }
  bool number_integer(int64_t value) { return Take(std::to_string(value)); }
  bool number_unsigned(uint64_t value) { return Take(std::to_string(value)); }
  bool number_float(double /*value*/, const std::string& text) { return Take(text); }
  bool string(const std::string& value) { return Take(value); }
  bool binary(const nlohmann::json::binary_t& /*value*/) { return Take(""); }
  bool start_object(size_t /*members*/) {
    if (arrays_ > 0) return true;
    if (!names_.empty()) Take("", "an object");
    names_.push_back(path_.size());
    return true;
  }
  bool key(const std::string& name) {
    if (arrays_ > 0) return true;
    path_.resize(names_.back());
    if (names_.size() > 1) path_ += '.';
    path_ += name;
    return true;
  }
  bool end_object() {
    if (arrays_ > 0) return true;
    path_.resize(names_.back());
    names_.pop_back();
    return true;
  }
  bool start_array(size_t /*elements*/) {
    if (!Take("", "an array")) return false;
    ++arrays_;
    return true;
  }
  bool end_array() {
    --arrays_;
    return true;
  }
  bool parse_error(size_t position, const std::string& /*token*/, const nlohmann::json::exception& /*error*/) {
    error_ = "the row is not JSON from its byte " + std::to_string(position) + " on";
    return false;
  }
  const std::string& error() const { return error_; }

 private:
  bool Take(std::string_view text, std::string_view kind = {}) {
    if (arrays_ > 0) return true;
    if (names_.empty()) {
      error_ = "the row is no object";
      return false;
    }
    for (Column& column : columns_) {
      if (column.name != path_) continue;
      ++column.times;
      column.kind = kind;
      column.text = text;
    }
    return true;
  }

  std::vector<Column>& columns_;
  std::string path_;           ///< The names of the members that are open, with dots between them.
  std::vector<size_t> names_;  ///< Of each object that is open, the length of the path to it.
  size_t arrays_ = 0;          ///< That are open.
  std::string error_;
};

size_t JsonRow::AddColumn(std::string name, Null null) {
  columns_.push_back({.name = std::move(name), .null = null});
  return columns_.size() - 1;
}

std::string JsonRow::Parse(std::string_view json) {
  for (Column& column : columns_) {
    column.times = 0;
    column.text.clear();
  }
  Handler handler(&columns_);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &handler)) return handler.error();
  for (const Column& column : columns_) {
    const std::string name = "'" + column.name + "'";
    if (column.times == 0) return "there is no " + name;
    if (column.times > 1) return name + " is there twice";
    if (column.kind.empty() || (column.kind == "null" && column.null == Null::kEmpty)) continue;
    return name + " is " + std::string(column.kind) + "; a column is a text, a number, true or false";
  }
  return {};
}

}  // namespace kvstate::harness
