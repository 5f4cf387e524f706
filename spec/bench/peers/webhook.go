// A webhook on net/http: compares the key, decodes the event, finds the handler of its type, answers.
// With BASE_URL the handler sends a message before it answers.
// Usage: webhook PORT KEY [BASE_URL BODY_FILE]. Runs until it is killed.
package main

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

type event struct {
	Type              string `json:"type"`
	NewChatbotMessage *struct {
		ID           string `json:"id"`
		Conversation struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"conversation"`
		Sender struct {
			Type string `json:"type"`
		} `json:"sender"`
		Type   string      `json:"type"`
		SentAt json.Number `json:"sent_at"`
		Text   string      `json:"text"`
	} `json:"new_chatbot_message"`
}

type answerer func(*event) error

func reply(client *http.Client, base string, body []byte) answerer {
	return func(e *event) error {
		id := url.PathEscape(e.NewChatbotMessage.Conversation.ID)
		target := base + "/v1/open-platform/chat/bot/conversations/" + id + "/messages"
		request, err := http.NewRequest("POST", target, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("x-api-key", "bench-api-key")
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.ReadAll(answer.Body); err != nil {
			return err
		}
		if answer.StatusCode != 200 {
			return fmt.Errorf("status %d", answer.StatusCode)
		}
		return nil
	}
}

func webhook(key string, handlers map[string]answerer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(key)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var e event
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || json.Unmarshal(body, &e) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if handle := handlers[e.Type]; handle != nil && e.NewChatbotMessage != nil {
			if err := handle(&e); err != nil {
				log.Print(err)
				w.WriteHeader(http.StatusBadGateway)
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 5 {
		log.Fatal("usage: webhook PORT KEY [BASE_URL BODY_FILE]")
	}
	handle := func(*event) error { return nil }
	if len(os.Args) == 5 {
		body, err := os.ReadFile(os.Args[4])
		if err != nil {
			log.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, MaxIdleConns: 256}}
		handle = reply(client, os.Args[3], body)
	}
	handlers := map[string]answerer{"NEW_CHATBOT_MESSAGE": handle}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], webhook(os.Args[2], handlers)))
}
