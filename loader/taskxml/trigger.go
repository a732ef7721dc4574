package taskxml

import "strings"

// triggerKinds are those whose element has another name.
var triggerKinds = map[string]TriggerKind{"SessionStateChangeTrigger": SessionState}

func readTriggers(triggers *node) []Trigger {
	if triggers == nil {
		return nil
	}
	var list []Trigger
	for _, n := range triggers.kids {
		if strings.HasSuffix(n.name, "Trigger") && n.name != "Trigger" {
			list = append(list, readTrigger(n))
		}
	}
	return list
}

func readTrigger(n *node) Trigger {
	kind, ok := triggerKinds[n.name]
	if !ok {
		name := strings.TrimSuffix(n.name, "Trigger")
		kind = TriggerKind(strings.ToLower(name[:1]) + name[1:])
	}
	repetition := n.child("Repetition")
	return Trigger{
		Kind:          kind,
		Enabled:       n.flag("Enabled", true),
		StartBoundary: n.text("StartBoundary"),
		EndBoundary:   n.text("EndBoundary"),
		Interval:      repetition.text("Interval"),
		Duration:      repetition.text("Duration"),
		Schedule:      schedule(n),
		Subscription:  n.text("Subscription"),
		UserID:        n.text("UserId"),
		Delay:         n.text("Delay"),
		RandomDelay:   n.text("RandomDelay"),
	}
}

// schedule is a calendar in words, or the state that a trigger waits for.
func schedule(n *node) string {
	if day := n.child("ScheduleByDay"); day != nil {
		return "daily every " + or(day.text("DaysInterval"), "1")
	}
	if week := n.child("ScheduleByWeek"); week != nil {
		return "weekly every " + or(week.text("WeeksInterval"), "1") + on(names(week.child("DaysOfWeek")))
	}
	if month := n.child("ScheduleByMonth"); month != nil {
		days := join(values(month.child("DaysOfMonth"), "Day"))
		return "monthly on days " + days + in(names(month.child("Months")))
	}
	if month := n.child("ScheduleByMonthDayOfWeek"); month != nil {
		weeks := join(values(month.child("Weeks"), "Week"))
		return "monthly in weeks " + weeks + on(names(month.child("DaysOfWeek"))) + in(names(month.child("Months")))
	}
	return or(n.text("StateChange"), n.text("StateName"))
}

func on(days string) string {
	if days == "" {
		return ""
	}
	return " on " + days
}

func in(months string) string {
	if months == "" {
		return ""
	}
	return " of " + months
}

// names is the children's names: days and months are written as elements.
func names(n *node) string {
	if n == nil {
		return ""
	}
	var list []string
	for _, k := range n.kids {
		list = append(list, k.name)
	}
	return join(list)
}

func values(n *node, name string) []string {
	var list []string
	for _, k := range n.children(name) {
		list = append(list, k.value())
	}
	return list
}
