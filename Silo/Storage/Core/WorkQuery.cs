using System.Text;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage;

/// <summary>
/// The statements that list items and the audit trail. Only the conditions in use stand in the text, so that each list goes by the index
/// made for it; there are some hundred texts at most, each kept once, because prepared statements are known by their text.
/// </summary>
internal static class WorkQuery
{
    /// <summary>Status words that one list can ask for; there are four of incidents.</summary>
    public const int MaxStatuses = 8;

    private const string ItemColumns = "id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body";
    private const string LogColumns = "id, at, actor, action, item_id, device_id, body";
    private const int TokenLength = 8 + 16;

    /// <summary>The list of items: its text, and what binds the values in the order in which they stand.</summary>
    /// <param name="mark">What stands before a parameter's number: <c>?</c> or <c>$</c>.</param>
    /// <param name="projectId">The project.</param>
    /// <param name="filter">What is asked for.</param>
    /// <param name="page">Which part of it.</param>
    public static Asked Items(char mark, Guid projectId, WorkFilter filter, PageRequest page)
    {
        var statuses = filter.Statuses.IsDefault ? [] : filter.Statuses;
        if (statuses.Length > MaxStatuses)
            throw new ArgumentException($"A list can ask for {MaxStatuses} statuses, not {statuses.Length}.", nameof(filter));
        var asked = new Asked(mark, TokenKey.Work, page);
        asked.Where("project_id =", projectId).Where("kind =", filter.Kind);
        asked.WhereAny("status", statuses);
        asked.Where("severity =", filter.Severity).Where("rule_id =", filter.RuleId).Where("device_id =", filter.DeviceId);
        asked.Where("site_id =", filter.SiteId).Where("asset_id =", filter.AssetId).Where("cause_id =", filter.CauseId);
        return asked.End(ItemColumns, "work_item", filter.From, filter.To);
    }

    /// <summary>The list of the audit trail.</summary>
    /// <inheritdoc cref="Items"/>
    public static Asked Log(char mark, Guid projectId, LogFilter filter, PageRequest page)
    {
        var asked = new Asked(mark, TokenKey.Log, page);
        asked.Where("project_id =", projectId);
        asked.Where("item_id =", filter.ItemId).Where("device_id =", filter.DeviceId).Where("action =", filter.Action);
        return asked.End(LogColumns, "event_log", filter.From, filter.To);
    }

    /// <summary>The key of a row, for the page token.</summary>
    public static byte[] Key(byte list, long atUs, Guid id) => TokenKey.Write(list).Add(atUs).Add(id).ToBytes();

    /// <summary>A list as it is asked for.</summary>
    internal sealed class Asked(char mark, byte list, PageRequest page)
    {
        private readonly StringBuilder _where = new();

        /// <summary>The statement.</summary>
        public string Text { get; private set; } = "";

        /// <summary>Items of the page; the statement gives one more where another page follows.</summary>
        public int Limit { get; } = PageToken.Limit(page);

        /// <summary>The values, each a <see cref="Guid"/>, a text or a number.</summary>
        public List<object> Values { get; } = [];

        public Asked Where(string condition, object? value)
        {
            if (value is not null)
                And().Append(condition).Append(' ').Append(Next(value));
            return this;
        }

        public void WhereAny(string column, ImmutableArray<string> values)
        {
            if (!values.IsEmpty)
                And().Append($"{column} in ({string.Join(", ", values.Select(Next))})");
        }

        public Asked End(string columns, string table, DateTimeOffset? from, DateTimeOffset? to)
        {
            Where("at >=", from is { } f ? Micros.From(f) : null);
            Where("at <", to is { } t ? Micros.From(t) : null);
            if (page.After is { } token)
            {
                var key = TokenKey.Read(list, TokenLength, token);
                And().Append($"(at, id) < ({Next(key.Long())}, {Next(key.Guid())})");
            }

            Text = string.Intern($"select {columns} from {table} where {_where} order by at desc, id desc limit {Next((long)Limit + 1)}");
            return this;
        }

        private StringBuilder And() => _where.Length == 0 ? _where : _where.Append(" and ");

        private string Next(object value)
        {
            Values.Add(value);
            return $"{mark}{Values.Count}";
        }
    }
}
