package cluster

import "context"

// A nodeList is as much of the API's as we look at.
type nodeList struct {
	Items []struct {
		Metadata struct{ Name string }
		Spec     struct {
			Taints []struct{ Key, Effect string }
		}
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
}

// readyNodes are the nodes on which pods can start now, and what the others
// lack.
func (a *api) readyNodes(ctx context.Context) (ready []string, lacking map[string]string, err error) {
	var nodes nodeList
	if err := a.get(ctx, "/api/v1/nodes", &nodes); err != nil {
		return nil, nil, err
	}
	lacking = map[string]string{}
	for _, node := range nodes.Items {
		name := node.Metadata.Name
		why := "it has not said yet how it is"
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" {
				why = condition.Message
				if condition.Status == "True" {
					why = ""
				}
			}
		}
		if why == "" && len(node.Spec.Taints) > 0 {
			why = "taint " + node.Spec.Taints[0].Key
		}
		if why == "" {
			ready = append(ready, name)
		} else {
			lacking[name] = why
		}
	}
	return ready, lacking, nil
}
