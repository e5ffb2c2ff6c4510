-- The HTML of this project's blocks. This filter runs last, after the citations.
-- Several attributes are a list of pairs, because Lua iterates over a table in an order that varies between runs.

local kinds = { finding = "Finding", note = "Note", warning = "Warning" }

local function html(text) return pandoc.RawBlock("html", text) end
local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub('"', "&quot;"))
end

-- A wide table scrolls inside a box, with its caption outside and above. Each cell has the name of its column as an
-- attribute, so that a narrow screen can show a row as a card.
local function boxed(tbl)
  local names = {}
  for _, row in ipairs(tbl.head.rows) do
    for i, cell in ipairs(row.cells) do
      names[i] = pandoc.utils.stringify(cell.contents)
      if names[i] == "" then -- a screen reader announces the header of a column, so none may be empty
        cell.contents = { pandoc.Plain { pandoc.Span({ pandoc.Str("Row") }, pandoc.Attr("", { "unseen" })) } }
      end
    end
  end
  for _, body in ipairs(tbl.bodies) do
    for _, row in ipairs(body.body) do
      for i, cell in ipairs(row.cells) do cell.attributes["label"] = names[i] or "" end
    end
  end
  local caption, id = tbl.caption, tbl.identifier
  tbl.caption, tbl.identifier = { long = {} }, ""
  local title = pandoc.utils.stringify(caption.long)
  local box = pandoc.Div({ tbl }, pandoc.Attr("", { "table-box" },
    { { "tabindex", "0" }, { "role", "region" }, { "aria-label", title ~= "" and title or "Table" } }))
  local classes = pandoc.List(tbl.classes) .. { "table" }
  return pandoc.Figure({ box }, caption, pandoc.Attr(id, classes))
end

local function equation(div)
  local number = div.attributes.number
  local blocks = pandoc.Blocks { pandoc.Div({ pandoc.Plain(div.content[1].content) },
    pandoc.Attr("", { "formula" }, { tabindex = "0" })) } -- it scrolls on a narrow screen, also by keyboard
  if number then
    blocks:insert(pandoc.Div({ pandoc.Plain { pandoc.Str("(" .. number .. ")") } },
      pandoc.Attr("", { "equation-number" })))
  end
  return pandoc.Div(blocks, pandoc.Attr(div.identifier, { "equation" }))
end

local function cards(div)
  local list = pandoc.Blocks {}
  for _, block in ipairs(div.content) do
    if block.t ~= "BulletList" then error("a .cards block must contain one bullet list and nothing else") end
    for _, item in ipairs(block.content) do
      local inlines = item[1].content
      if not (inlines[1] and inlines[1].t == "Strong") then error("each card must begin with its value in bold") end
      local value = pandoc.Span(table.remove(inlines, 1).content, pandoc.Attr("", { "value" }))
      list:insert(pandoc.Div({ pandoc.Plain { value }, pandoc.Plain { pandoc.Span(inlines, pandoc.Attr("", { "what" })) } },
        pandoc.Attr("", { "card" }, { role = "listitem" })))
    end
  end
  return pandoc.Div(list, pandoc.Attr(div.identifier, { "cards" }, { role = "list" }))
end

local function callout(div, kind)
  local title = div.attributes.title
  div.attributes.title = nil
  div.attributes.role = "note"
  div.classes:insert("callout")
  local label = pandoc.Inlines { pandoc.Span({ pandoc.Str(kinds[kind]) }, pandoc.Attr("", { "kind" })) }
  if title then label:extend { pandoc.Str(" · " .. title) } end
  div.content:insert(1, pandoc.Div({ pandoc.Plain(label) }, pandoc.Attr("", { "callout-title" })))
  return div
end

local function details(div)
  return pandoc.Blocks { html("<details><summary>" .. escape(div.attributes.summary or "Details") .. "</summary>") }
    .. div.content .. { html("</details>") }
end

-- The title is the only h1 of the page, so sections start at h2. The number is part of the heading, so that the table
-- of contents also shows it.
local function heading(header)
  header.level = header.level + 1
  local number = header.attributes.number
  if number then
    header.attributes.number = nil
    header.content:insert(1, pandoc.Space())
    header.content:insert(1, pandoc.Span({ pandoc.Str(number) }, pandoc.Attr("", { "section-number" })))
  end
  return header
end

return { {
  Header = heading,
  Table = boxed,
  Figure = function(figure)
    local wide = figure.classes:includes("wide")
    local copy = figure:walk { Image = function(image)
      wide = wide or image.classes:includes("wide")
      image.classes = {}
      return image
    end }
    if wide and not copy.classes:includes("wide") then copy.classes:insert("wide") end
    return copy
  end,
  Div = function(div)
    if div.classes:includes("equation") then return equation(div) end
    if div.classes:includes("cards") then return cards(div) end
    if div.classes:includes("details") then return details(div) end
    for kind in pairs(kinds) do
      if div.classes:includes(kind) then return callout(div, kind) end
    end
  end,
} }
